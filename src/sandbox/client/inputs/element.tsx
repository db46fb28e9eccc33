import { ErrorBox } from '../parts/error-box.tsx';
import { ActionButton, FeedbackButtons, OverflowMenu } from './buttons.tsx';
import { Choices } from './choices.tsx';
import type { ElementProps } from './element-props.ts';
import { DateField, FileField, TextField } from './fields.tsx';
import { Select } from './select.tsx';

/** Any interactive element of Block Kit. One that this page does not know is shown as an error. */
export function InteractiveElement(props: ElementProps) {
  switch (props.element.type) {
    case 'button':
    case 'workflow_button':
    case 'icon_button':
      return <ActionButton {...props} />;
    case 'overflow':
      return <OverflowMenu {...props} />;
    case 'feedback_buttons':
      return <FeedbackButtons {...props} />;
    case 'static_select':
    case 'external_select':
    case 'users_select':
    case 'channels_select':
    case 'conversations_select':
    case 'multi_static_select':
    case 'multi_external_select':
    case 'multi_users_select':
    case 'multi_channels_select':
    case 'multi_conversations_select':
      return <Select {...props} />;
    case 'radio_buttons':
    case 'checkboxes':
      return <Choices {...props} />;
    case 'plain_text_input':
    case 'rich_text_input':
    case 'number_input':
    case 'email_text_input':
    case 'url_text_input':
      return <TextField {...props} />;
    case 'datepicker':
    case 'timepicker':
    case 'datetimepicker':
      return <DateField {...props} />;
    case 'file_input':
      return <FileField {...props} />;
    default:
      return <ErrorBox what="element" type={props.element.type} />;
  }
}

import type { ContextBlock, ImageElement, SectionBlock } from '@slack/types';
import { InteractiveElement } from '../inputs/element.tsx';
import { isLoose } from '../inputs/values.ts';
import { Text } from '../text/text.tsx';
import { imageUrl } from './media.tsx';

/** Text with fields in two columns and something at its right edge. */
export function Section({ block, blockId }: { block: SectionBlock; blockId: string }) {
  return (
    <div className="section">
      <div className="section-main">
        {block.text === undefined ? null : (
          <div className="section-text">
            <Text text={block.text} />
          </div>
        )}
        {block.fields === undefined ? null : (
          <div className="section-fields">
            {block.fields.map((field, index) => (
              <div key={`f${String(index)}`} className="section-field">
                <Text text={field} />
              </div>
            ))}
          </div>
        )}
      </div>
      {block.accessory === undefined ? null : <Accessory accessory={block.accessory} blockId={blockId} />}
    </div>
  );
}

function Accessory({ accessory, blockId }: { accessory: NonNullable<SectionBlock['accessory']>; blockId: string }) {
  if (accessory.type === 'image') {
    return <img className="section-image" src={imageUrl(accessory)} alt={accessory.alt_text} />;
  }
  if (!isLoose(accessory)) return null;
  return (
    <div className="section-accessory">
      <InteractiveElement
        element={accessory}
        blockId={blockId}
        label={accessory.type === 'overflow' ? 'More actions' : accessory.type.replaceAll('_', ' ')}
        labelId={`${blockId}-accessory`}
        input={false}
        dispatch
      />
    </div>
  );
}

/** Small grey facts in one line. */
export function Context({ block }: { block: ContextBlock }) {
  return (
    <div className="context">
      {block.elements.map((element, index) => (
        <span key={`c${String(index)}`} className="context-item">
          {element.type === 'image' ? (
            <img src={imageUrl(element as ImageElement)} alt={element.alt_text} />
          ) : (
            <Text text={element} />
          )}
        </span>
      ))}
    </div>
  );
}

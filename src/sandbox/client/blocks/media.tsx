import type {
  FileBlock as FileBlockShape,
  ImageBlock as ImageBlockShape,
  SlackFile,
  VideoBlock as VideoBlockShape,
} from '@slack/types';
import { useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { PlainText, SafeLink } from '../text/text.tsx';

type ImageSource = { readonly image_url?: string; readonly slack_file?: SlackFile };

/** The address of an image: its own, or that of a file of the sandbox. */
export function imageUrl(image: ImageSource): string {
  if (image.image_url !== undefined) return image.image_url;
  const file = image.slack_file;
  if (file === undefined) return '';
  return 'id' in file ? `/sandbox/files/${encodeURIComponent(file.id)}${location.search}` : file.url;
}

/** A picture with a title that folds it. One that does not load shows its alternative text. */
export function ImageBlock({ block }: { block: ImageBlockShape }) {
  const [broken, setBroken] = useState(false);
  return (
    <figure className="image-block">
      {block.title === undefined ? null : (
        <figcaption>
          <PlainText text={block.title.text} />
        </figcaption>
      )}
      {broken ? (
        <div className="image-missing">
          <Icon name="warning" />
          {block.alt_text}
        </div>
      ) : (
        <img src={imageUrl(block as ImageSource)} alt={block.alt_text} onError={() => setBroken(true)} />
      )}
    </figure>
  );
}

/** A remote file, which the sandbox only names. */
export function FileBlock({ block }: { block: FileBlockShape }) {
  return (
    <div className="file-line">
      <Icon name="file" />
      <span>
        {block.source} file <code>{block.external_id}</code>
      </span>
    </div>
  );
}

/** A video: its picture and a link. It is not embedded, because nothing may be loaded into the page from elsewhere. */
export function VideoBlock({ block }: { block: VideoBlockShape }) {
  return (
    <figure className="image-block">
      <b>
        <SafeLink url={block.title_url ?? block.video_url}>
          <PlainText text={block.title.text} />
        </SafeLink>
      </b>
      {block.description === undefined ? null : (
        <figcaption>
          <PlainText text={block.description.text} />
        </figcaption>
      )}
      <SafeLink url={block.video_url}>
        <img src={block.thumbnail_url} alt={block.alt_text} />
      </SafeLink>
    </figure>
  );
}

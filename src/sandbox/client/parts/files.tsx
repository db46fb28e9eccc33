import { useEffect, useState } from 'react';
import type { ClientFile } from '../../client-protocol.ts';
import type { SandboxApi } from '../state/api.ts';
import { Icon } from './icon.tsx';

const PREVIEW_LINES = 8;
const READABLE = /^text\/|json|yaml|xml|markdown|csv|javascript/;

/** The files of a message: pictures in place, text with its first lines, everything with a download. */
export function Files({ files, api }: { files: readonly ClientFile[]; api: SandboxApi }) {
  return files.map((file) => <OneFile key={file.id} file={file} api={api} />);
}

function OneFile({ file, api }: { file: ClientFile; api: SandboxApi }) {
  const url = api.fileUrl(file.id);
  if (file.mimetype.startsWith('image/')) {
    return (
      <figure className="file-image">
        <figcaption>{file.title || file.name}</figcaption>
        <a href={url} target="_blank" rel="noreferrer">
          <img src={url} alt={file.alt_text ?? file.title} />
        </a>
      </figure>
    );
  }
  return (
    <div className="file">
      <div className="file-head">
        <Icon name="file" />
        <span className="file-name">
          <b>{file.title || file.name}</b>
          <small>
            {file.name} · {sizeText(file.size)}
          </small>
        </span>
        <a className="button button-icon" href={url} download={file.name} aria-label={`Download ${file.name}`}>
          <Icon name="download" />
        </a>
      </div>
      {READABLE.test(file.mimetype) && file.size < 200_000 ? <TextPreview url={url} name={file.name} /> : null}
    </div>
  );
}

function TextPreview({ url, name }: { url: string; name: string }) {
  const [text, setText] = useState<string | null>(null);
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    let live = true;
    fetch(url)
      .then((response) => (response.ok ? response.text() : Promise.reject(new Error(String(response.status)))))
      .then(
        (body) => live && setText(body),
        () => live && setText('(this file could not be loaded)'),
      );
    return () => {
      live = false;
    };
  }, [url]);
  const lines = (text ?? '').split('\n');
  return (
    <>
      <pre className="file-preview" title={`Preview of ${name}`}>
        {text === null ? '\n'.repeat(3) : (whole ? lines : lines.slice(0, PREVIEW_LINES)).join('\n')}
      </pre>
      {lines.length > PREVIEW_LINES ? (
        <button type="button" className="file-more" onClick={() => setWhole(!whole)}>
          {whole ? 'Show less' : `Show all ${lines.length} lines`}
        </button>
      ) : null}
    </>
  );
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

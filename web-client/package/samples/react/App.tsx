import { useEffect, useRef, useState } from 'react';
import { Uploader, type Snapshot } from '@sealmark/web-client';

async function token() {
  const response = await fetch('/v1/guests', { method: 'POST' });
  return (await response.json()).token as string;
}

function useUploader() {
  const [uploads, setUploads] = useState<Snapshot[]>([]);
  const uploader = useRef<Uploader>(null);
  useEffect(() => {
    const made = new Uploader({ token, limits: { types: ['image/*'], maxFiles: 100 } });
    // One redraw for each round of changes, however many uploads there are.
    made.addEventListener('totals', () => setUploads(made.snapshots));
    uploader.current = made;
    return () => made.close();
  }, []);
  return { uploader, uploads };
}

export function App() {
  const { uploader, uploads } = useUploader();
  return (
    <main>
      <input type="file" multiple aria-label="Photos" onChange={event => uploader.current?.add(event.target.files ?? [])} />
      <ul>
        {uploads.map(({ id, file_name, state, sent_bytes, size_bytes, error }) => (
          <li key={id} data-state={state}>
            {file_name}: {state} {error?.code}
            <progress value={sent_bytes} max={size_bytes} aria-label={file_name} />
            {state === 'failed' && <button onClick={() => uploader.current?.retry(id)}>Try again</button>}
          </li>
        ))}
      </ul>
    </main>
  );
}

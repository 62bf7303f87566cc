import '@sealmark/web-client/element';

const uploader = document.querySelector('sealmark-uploader')!;
uploader.addEventListener('change', event => {
  const { state, media_id } = event.detail;
  if (state === 'ready') console.log(`ready: /m/${media_id}`);
});

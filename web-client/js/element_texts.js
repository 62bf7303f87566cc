// What <sealmark-uploader> says, in English and Chinese; other languages come by its `texts` property with the same keys.
// A pair of keys ending in _one and _other is a plural.

export const en = {
  title: 'Choose photos', title_single: 'Choose a photo', hint: 'or drop them here, or paste them', release: 'Let go to upload',
  camera: 'Take a photo', folder: 'Choose a folder', region: 'Photo upload', list: 'Uploads',
  pause: 'Pause', resume: 'Resume', cancel: 'Cancel', retry: 'Try again', remove: 'Remove from this list',
  action: '{action}: {name}', progress: 'Upload of {name}', total: 'All uploads',
  pause_all: 'Pause all', resume_all: 'Resume all', retry_all: 'Try all again', clear: 'Clear finished',
  preparing: 'Preparing', uploading: 'Uploading', paused: 'Paused', offline: 'Waiting for the network',
  waiting: 'Trying again in a moment', completing: 'Finishing', processing: 'Being processed', ready: 'Ready',
  failed: 'Failed', cancelled: 'Cancelled',
  sent: '{done} of {total}', left: '{time} left', done: '{done} of {count} done', attention: '{count} failed',
  unfinished: 'Not finished last time', unfinished_sent: '{done} of {total} are already there',
  continue: 'Continue', choose_again: 'Choose the file again', forget: 'Forget',
  other_file: 'That is another file than “{name}”.', denied: 'The browser may not read “{name}”. Choose it again.',
  say_added_one: '{name} added', say_added_other: '{count} photos added',
  say_ready_one: '{name} is ready', say_ready_other: '{count} photos are ready',
  say_failed_one: '{name} failed: {reason}', say_failed_other: '{count} photos failed',
  'error.unauthorized': 'You are not signed in.', 'error.token_expired': 'Your access has expired.',
  'error.forbidden': 'You may not upload here.', 'error.no_token': 'The server gave no access for this upload.',
  'error.empty_file': 'The file is empty.', 'error.file_too_large': 'The file is too large.',
  'error.too_many_pixels': 'The picture has too many pixels.', 'error.image_too_large': 'The picture has too many pixels.',
  'error.too_many_files': 'That is more files than can be taken.', 'error.duplicate': 'This photo is already in the list.',
  'error.type_refused': 'Files of this kind are not taken.', 'error.unsupported_format': 'This is not a picture format that can be used.',
  'error.broken_image': 'The picture is damaged.', 'error.is_directory': 'This is a folder, or a file that cannot be read.',
  'error.directory_unreadable': 'The folder cannot be read.', 'error.file_changed': 'The file was changed while it was being sent.',
  'error.file_unreadable': 'The file can no longer be read.', 'error.network': 'The server did not answer for a long time.',
  'error.rate_limited': 'Too many uploads in a short time.', 'error.store_unavailable': 'The store does not answer at the moment.',
  'error.database_unavailable': 'The server cannot reach its records at the moment.',
  'error.store_refused': 'The store did not take the file.', 'error.worker_failed': 'The uploader has stopped. Reload the page.',
  'error.template_refused': 'The mark cannot be put on this picture.', 'error.upload_closed': 'This upload was already closed.',
  'error.upload_not_found': 'The server no longer has this upload.', 'error.part_mismatch': 'A piece of the file arrived changed.',
  'error.size_mismatch': 'What arrived is not as long as the file.', 'error.verify_failed': 'The result did not pass its check.',
  'error.attempts_exhausted': 'The picture could not be made after several tries.',
  'error.clock_skew': 'The clocks of the server and the store differ too much.',
  'error.unknown': 'The upload did not work.',
};

export const zh = {
  title: '选择照片', title_single: '选择一张照片', hint: '或拖放到此处,也可以粘贴', release: '松开即可上传',
  camera: '拍照', folder: '选择文件夹', region: '照片上传', list: '上传列表',
  pause: '暂停', resume: '继续', cancel: '取消', retry: '重试', remove: '从列表中移除',
  action: '{action}:{name}', progress: '{name} 的上传进度', total: '全部上传',
  pause_all: '全部暂停', resume_all: '全部继续', retry_all: '全部重试', clear: '清除已完成',
  preparing: '准备中', uploading: '上传中', paused: '已暂停', offline: '等待网络', waiting: '稍后自动重试',
  completing: '即将完成', processing: '处理中', ready: '已就绪', failed: '失败', cancelled: '已取消',
  sent: '{done} / {total}', left: '剩余 {time}', done: '已完成 {done} / {count}', attention: '{count} 个失败',
  unfinished: '上次未完成', unfinished_sent: '已传 {done} / {total}',
  continue: '继续上传', choose_again: '重新选择文件', forget: '放弃',
  other_file: '这不是“{name}”。', denied: '浏览器无法读取“{name}”,请重新选择。',
  say_added_one: '已添加 {name}', say_added_other: '已添加 {count} 张照片',
  say_ready_one: '{name} 已就绪', say_ready_other: '{count} 张照片已就绪',
  say_failed_one: '{name} 失败:{reason}', say_failed_other: '{count} 张照片失败',
  'error.unauthorized': '您尚未登录。', 'error.token_expired': '访问权限已过期。',
  'error.forbidden': '您没有在此上传的权限。', 'error.no_token': '服务器未授予此次上传的权限。',
  'error.empty_file': '文件是空的。', 'error.file_too_large': '文件太大。',
  'error.too_many_pixels': '图片像素过多。', 'error.image_too_large': '图片像素过多。',
  'error.too_many_files': '超出可接收的文件数量。', 'error.duplicate': '列表中已有这张照片。',
  'error.type_refused': '不接收此类文件。', 'error.unsupported_format': '不支持此图片格式。',
  'error.broken_image': '图片已损坏。', 'error.is_directory': '这是文件夹,或文件无法读取。',
  'error.directory_unreadable': '无法读取该文件夹。', 'error.file_changed': '文件在发送过程中被修改。',
  'error.file_unreadable': '无法再读取该文件。', 'error.network': '服务器长时间没有响应。',
  'error.rate_limited': '短时间内上传过多。', 'error.store_unavailable': '存储暂时没有响应。',
  'error.database_unavailable': '服务器暂时无法访问其记录。',
  'error.store_refused': '存储未接收该文件。', 'error.worker_failed': '上传组件已停止,请刷新页面。',
  'error.template_refused': '无法在此图片上添加标记。', 'error.upload_closed': '此上传已关闭。',
  'error.upload_not_found': '服务器上已没有此上传。', 'error.part_mismatch': '文件的一部分在传输中发生变化。',
  'error.size_mismatch': '收到的内容与文件长度不符。', 'error.verify_failed': '结果未通过检查。',
  'error.attempts_exhausted': '多次尝试后仍无法生成图片。',
  'error.clock_skew': '服务器与存储的时钟相差过大。',
  'error.unknown': '上传未成功。',
};

/** Pages also write what is none, such as `en_US`. */
function isTag(language) {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
}

/** Words and numbers in one language; in English where it is not named by a BCP 47 tag. */
export class Words {
  #texts;
  #plural;
  #formats = new Map();

  /** @param {string} language - a BCP 47 tag @param {object} own - texts that go before the built-in ones */
  constructor(language, own = {}) {
    this.language = isTag(language) ? language : 'en';
    this.#texts = { ...en, ...(/^zh/i.test(language) ? zh : {}), ...own };
    this.#plural = new Intl.PluralRules(this.language);
  }

  t(key, values = {}) {
    return (this.#texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  many(key, count, values) {
    const form = this.#plural.select(count) === 'one' ? 'one' : 'other';
    return this.t(`${key}_${form}`, { count: this.number(count), ...values });
  }

  error(code) {
    return this.t(`error.${code}` in this.#texts ? `error.${code}` : 'error.unknown');
  }

  number(value, options = {}) {
    const key = JSON.stringify(options);
    if (!this.#formats.has(key)) this.#formats.set(key, new Intl.NumberFormat(this.language, options));
    return this.#formats.get(key).format(value);
  }

  percent(share) {
    return this.number(Math.floor(share * 100) / 100, { style: 'percent' });
  }

  /** Bytes in decimal units, a second where `per`. */
  size(bytes, per = '') {
    const step = bytes < 999.5 ? 0 : Math.min(4, Math.floor(Math.log10(bytes * 1.0005) / 3));
    const unit = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'][step];
    const value = bytes / 1000 ** step;
    const maximumFractionDigits = step < 2 || value >= 100 ? 0 : 1;
    return this.number(value, { style: 'unit', unit: unit + per, unitDisplay: step === 0 && !per ? 'long' : 'short', maximumFractionDigits });
  }

  duration(seconds) {
    const [value, unit] = seconds < 100 ? [Math.max(1, seconds), 'second']
      : seconds < 5_400 ? [seconds / 60, 'minute'] : [seconds / 3_600, 'hour'];
    return this.number(Math.round(value), { style: 'unit', unit, unitDisplay: 'short' });
  }
}

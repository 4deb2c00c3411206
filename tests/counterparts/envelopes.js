// Seals and opens envelopes with wechat-crypto and Tencent's @wecom/crypto: one JSON answer a line for each JSON question.
const readline = require('readline');
const WXBizMsgCrypt = require('wechat-crypto');
const wecom = require('@wecom/crypto');

const libraries = {
  'wechat-crypto': {
    seal: (q) => new WXBizMsgCrypt(q.token, q.key, q.receiver).encrypt(q.text),
    open: (q) => new WXBizMsgCrypt(q.token, q.key, q.receiver).decrypt(q.sealed),
    sign: (q) => new WXBizMsgCrypt(q.token, q.key, q.receiver).getSignature(q.timestamp, q.nonce, q.sealed),
  },
  '@wecom/crypto': {
    seal: (q) => wecom.encrypt(q.key, q.text, q.receiver, q.random ? Buffer.from(q.random, 'hex') : undefined),
    open: (q) => wecom.decrypt(q.key, q.sealed),
    sign: (q) => wecom.getSignature(q.token, q.timestamp, q.nonce, q.sealed),
  },
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const q = JSON.parse(line);
  console.log(JSON.stringify(libraries[q.library][q.act](q)));
});

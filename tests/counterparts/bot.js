// Tencent's own SDK as the group bot: connects to the address given, acts on what it hears, tells what happened, a line each.
const { WSClient } = require('@wecom/aibot-node-sdk');

const [url, botId, secret] = process.argv.slice(2);
const tell = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const client = new WSClient({ botId, secret, wsUrl: url, logger: silent, heartbeatInterval: 300, maxReconnectAttempts: 3, reconnectInterval: 50, maxAuthFailureAttempts: 0 });
const card = (title, task, label) => ({
  card_type: 'button_interaction', main_title: { title }, task_id: task, button_list: [{ text: label, style: 1, key: 'key-1' }],
});

client.on('authenticated', () => tell('authenticated'));
client.on('error', (error) => tell('error', { message: error.message }));
client.on('event.disconnected_event', () => tell('replaced'));
client.on('message.text', async (frame) => {
  tell('text', { content: frame.body.text.content, chat: frame.body.chatid, from: frame.body.from.userid });
  try {
    await client.replyStream(frame, 'stream-1', 'heard', true);
    await client.sendMessage(frame.body.chatid, { msgtype: 'template_card', template_card: card('first', 'task-1', 'Take') });
    await client.sendMessage(frame.body.chatid, { msgtype: 'markdown', markdown: { content: 'pushed' } });
    const sent = await client.uploadMedia(Buffer.alloc(600 * 1024, 7), { type: 'file', filename: 'a.bin' });
    await client.sendMediaMessage(frame.body.chatid, 'file', sent.media_id);
    tell('answered');
  } catch (error) { tell('failed', { message: String(error.message || JSON.stringify(error)) }); }
});
client.on('message.mixed', async (frame) => {
  const image = frame.body.mixed.msg_item.find((item) => item.msgtype === 'image').image;
  const { buffer } = await client.downloadFile(image.url, image.aeskey);
  tell('file', { hex: buffer.toString('hex') });
});
client.on('event.template_card_event', async (frame) => {
  const pressed = frame.body.event.template_card_event || frame.body.event;
  tell('press', { key: pressed.event_key, task: pressed.task_id });
  try {
    await client.updateTemplateCard(frame, card('second', pressed.task_id, 'Done'));
    tell('updated');
  } catch (error) { tell('failed', { message: String(error.message || JSON.stringify(error)) }); }
});
Object.assign(client.wsManager, { maxMissedPong: 400, replyAckTimeout: 120000 }); // pytest may stand still for a while
client.connect();
process.stdin.on('close', () => { client.disconnect(); process.exit(0); });
process.stdin.resume();

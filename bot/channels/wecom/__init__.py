"""WeCom: one company's application, its group bot and its group webhooks as one channel; staff are known by their userid."""

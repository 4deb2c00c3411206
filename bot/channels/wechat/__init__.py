"""A WeChat service account (认证服务号): encrypted callbacks in; answers on request, service messages and notices out."""

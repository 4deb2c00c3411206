"""What `linli doctor` says of the WeChat account: one finding for each thing that can be wrong, and where it is mended."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot import notes
from bot.callbacks import Crypt, Fault
from bot.config import Config, NoticeForm
from bot.console import places
from bot.findings import Finding
from storage.tx import Store

AT = places("wechat")
_TOKEN_SAID = {
    40013: f"the AppID is not known; copy it again from {AT['basics']}, into [wechat] app_id",
    40125: f"the AppSecret is wrong; reset it in {AT['basics']}, and put the new one into LINLI_WECHAT__APP_SECRET",
    40243: f"the AppSecret is frozen; unfreeze it in {AT['basics']}",
    50004: f"this account may not use the token; is it certified ({AT['certified']})?",
    45009: "the token was asked for too often today; try again tomorrow",
    -1: "WeChat is busy; try again in a minute",
}
_FIELD = re.compile(r"\{\{(\w+)\.DATA\}\}")
_CLOCK_OFF = timedelta(minutes=2)


_REFUSED = {
    Fault.SIGNATURE: f"the Token in {AT['server']} is another than [wechat] token",
    Fault.CIPHER: f"the EncodingAESKey in {AT['server']} is another than [wechat] aes_key",
    Fault.RECEIVER: f"it was meant for another account; copy the AppID from {AT['basics']} and {AT['original']}",
    Fault.TIME: "its time is not ours; set this machine's clock (ntp)",
    Fault.BODY: f"it was not sealed; choose {AT['sealed']} in {AT['server']}",
}
"""What is wrong when a message of WeChat's is refused."""


async def examine(config: Config, now: datetime | None = None, store: Store | None = None) -> list[Finding]:
    """Every finding, in the order a person would mend them. `now` is the running program's time, if it is another;

    `store` holds what the running program has noted.
    """
    section = config.wechat
    if not section.app_id:
        return [Finding("ok", "wechat: not used ([wechat] app_id is empty)")]
    async with httpx.AsyncClient(timeout=10, follow_redirects=False) as http:
        token, findings = await _token(http, config)
        if token:
            findings += await _rights(http, config, token)
        findings += await _callback(http, config, now or datetime.now(UTC))
        findings += await _noted(store)
        findings += await _domain(http, config)
    return findings


async def _token(http: httpx.AsyncClient, config: Config) -> tuple[str, list[Finding]]:
    section = config.wechat
    body = {"grant_type": "client_credential", "appid": section.app_id, "secret": section.app_secret}
    try:
        answer = await http.post(f"{section.base_url.rstrip('/')}/cgi-bin/stable_token", json=body)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        why = type(error).__name__
        return "", [Finding("fail", f"wechat: {section.base_url} cannot be reached ({why}); check the network")]
    code = told.get("errcode", 0)
    if code == 40164:
        found = re.search(r"invalid ip ([0-9a-f.:]+)", str(told.get("errmsg", "")))
        ip = found[1] if found else "this machine's address"
        return "", [Finding("fail", f"wechat: {ip} is not on the list; add it in {AT['allowlist']}")]
    if code:
        said = _TOKEN_SAID.get(code, f"WeChat answered {code} {str(told.get('errmsg', ''))[:80]}")
        return "", [Finding("fail", f"wechat: {said}")]
    findings = [Finding("ok", f"wechat: {section.app_id}, the AppID and AppSecret are right")]
    sent = answer.headers.get("date")
    if sent and abs(datetime.now(UTC) - parsedate_to_datetime(sent)) > _CLOCK_OFF:
        findings.append(
            Finding("fail", "clock: this machine's clock differs from WeChat's; messages are refused: set it (ntp)")
        )
    return str(told.get("access_token", "")), findings


async def _rights(http: httpx.AsyncClient, config: Config, token: str) -> list[Finding]:
    section, findings = config.wechat, []
    told = await _get(http, config, "/cgi-bin/customservice/getkflist", token)
    if told.get("errcode", 0) == 48001:
        findings.append(Finding("fail", f"wechat: service messages are not allowed; look at {AT['service']}"))
    elif told.get("errcode", 0) in (61451, 65400):
        findings.append(Finding("ok", "wechat: service messages by the interface"))
    told = await _get(http, config, "/cgi-bin/template/get_all_private_template", token)
    known = {str(one.get("template_id")): str(one.get("content", "")) for one in told.get("template_list", [])}
    forms = {"template_rate": section.template_rate, "template_news": section.template_news}
    findings += _forms(told, known, forms, AT["templates"], "template messages")
    told = await _get(http, config, "/wxaapi/newtmpl/gettemplate", token)
    known = {str(one.get("priTmplId")): str(one.get("content", "")) for one in told.get("data", [])}
    forms = {"agreed_rate": section.agreed_rate, "agreed_news": section.agreed_news}
    findings += _forms(told, known, forms, AT["agreements"], "subscription notices")
    if not (section.template_rate.id or section.agreed_rate.id):
        findings.append(
            Finding(
                "warn",
                "wechat: neither template_rate nor agreed_rate is set: whoever has been silent for 48 hours cannot be "
                f"asked for a rating, and a card asks the worker to telephone. Choose one in {AT['templates']} or {AT['agreements']}",
            )
        )
    if section.agreed_rate.id or section.agreed_news.id:
        told = await _get(http, config, "/cgi-bin/ticket/getticket", token, type="jsapi")
        if told.get("errcode", 0):
            text = (
                f"wechat: the page where people agree to notices cannot be signed (WeChat answers {told['errcode']}); "
                f"set {AT['pages']}, and see that the account is certified"
            )
            findings.append(Finding("fail", text))
    told = await _get(http, config, "/cgi-bin/get_current_selfmenu_info", token)
    if not told.get("errcode", 0) and not told.get("is_menu_open"):
        findings.append(Finding("warn", "wechat: the account has no menu; make it with `linli wechat menu`"))
    return findings


def _forms(
    told: dict[str, Any], known: dict[str, str], forms: dict[str, NoticeForm], where: str, what: str
) -> list[Finding]:
    wanted = {name: form for name, form in forms.items() if form.id}
    if not wanted:
        return []
    if told.get("errcode", 0) == 48001:
        return [Finding("fail", f"wechat: {what} are not allowed; apply for them in {where} (certified accounts only)")]
    findings = []
    for name, form in wanted.items():
        fields = set(_FIELD.findall(known.get(form.id, "")))
        ours = set(form.fields.values())
        if form.id not in known:
            findings.append(
                Finding("fail", f"wechat: [wechat] {name}: there is no such form; copy its id from {where}")
            )
        elif fields != ours:
            findings.append(
                Finding(
                    "fail",
                    f"wechat: [wechat] {name} fills {', '.join(sorted(ours))}, and the form in {where} has "
                    f"{', '.join(sorted(fields))}; write its names",
                )
            )
        else:
            findings.append(Finding("ok", f"wechat: {name} fits its form"))
    return findings


async def _callback(http: httpx.AsyncClient, config: Config, now: datetime) -> list[Finding]:
    """Asks the running program the way WeChat's console does."""
    base, section = config.web.base_url.rstrip("/"), config.wechat
    if not base:
        return [Finding("fail", "wechat: [web] base_url is empty; WeChat has to reach https://…/hooks/wechat")]
    findings = []
    if not base.startswith("https://"):
        findings.append(
            Finding("warn", f"wechat: {base} is not https; WeChat's pages and its console want a certificate")
        )
    crypt = Crypt(section.token, section.aes_key, section.app_id)
    stamp, nonce, echo = str(int(now.timestamp())), secrets.token_hex(4), secrets.token_hex(8)
    query = {"signature": crypt.sign(stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}
    try:
        answer = await http.get(f"{base}/hooks/wechat", params=query)
    except httpx.HTTPError as error:
        why = type(error).__name__
        text = (
            f"wechat: {base} cannot be reached ({why}); is the program running, and do name and certificate lead here?"
        )
        return [*findings, Finding("warn", text)]
    if answer.status_code == 200 and answer.text == echo:
        text = f"wechat: {base}/hooks/wechat answers; {AT['server']} takes it, with {AT['sealed']}"
        return [*findings, Finding("ok", text)]
    said = {
        403: "the running program has another Token, or its clock is wrong: restart it with this configuration",
        404: "another program answers there, or it runs without [wechat] app_id: restart it with this configuration",
    }.get(answer.status_code, f"answered {answer.status_code}: does the proxy pass /hooks/ on?")
    return [*findings, Finding("fail", f"wechat: {base}/hooks/wechat: {said}")]


async def _noted(store: Store | None) -> list[Finding]:
    """What became of the last message that came: only it shows whether the keys in the console are ours."""
    if store is None:
        return []
    async with store.read() as tx:
        note = await notes.find(tx, notes.WECHAT)
    if note is None:
        return []
    at = f"{note.at.astimezone():%Y-%m-%d %H:%M}"
    if note.said == notes.FINE:
        return [Finding("ok", f"wechat: messages arrive, the last look was at {at}")]
    return [Finding("fail", f"wechat: a message was refused at {at}: {_REFUSED[Fault(note.said)]}")]


async def _domain(http: httpx.AsyncClient, config: Config) -> list[Finding]:
    base, file = config.web.base_url.rstrip("/"), config.wechat.verify_file
    if not base:
        return []
    if not file:
        text = f"wechat: verify_file is empty; {AT['sign_in']} gives the name of a file: without it no page opens"
        return [Finding("warn", text)]
    try:
        answer = await http.get(f"{base}/{file}")
    except httpx.HTTPError as error:
        return [Finding("warn", f"wechat: {base}/{file} cannot be reached ({type(error).__name__})")]
    code = file.removeprefix("MP_verify_").removesuffix(".txt")
    if answer.status_code == 200 and answer.text.strip() == code:
        text = f"wechat: {base}/{file} is there; set {AT['sign_in']} and {AT['pages']}"
        return [Finding("ok", text)]
    return [Finding("fail", f"wechat: {base}/{file} answers {answer.status_code}; restart with this configuration")]


async def _get(http: httpx.AsyncClient, config: Config, path: str, token: str, **query: str) -> dict[str, Any]:
    base = config.wechat.base_url.rstrip("/")
    try:
        told = (await http.get(f"{base}{path}", params={**query, "access_token": token})).json()
    except (httpx.HTTPError, ValueError):
        return {"errcode": -1}
    return told if isinstance(told, dict) else {"errcode": -1}

"""A small program behind the web side, for tests: it answers every message and knows one claim card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.channels.base import Beside, RawUpdate
from bot.channels.webchat.channel import WebChannel
from bot.media import MediaStore, StoredFile
from bot.web.ports import (
    Absent,
    Agreeing,
    Busy,
    Health,
    Ready,
    Room,
    WallQuery,
    WallReport,
    WallSeason,
    WallWish,
    WebStation,
)
from handlers.messages import Address, Incoming, Key, Outgoing
from storage.database import Database
from storage.schema import metadata
from storage.seal import Sealer, new_key

QUEUE = "grid:yinxing-01"
KINDS = {"goods": "小物件", "company": "陪伴", "repair": "帮修帮装"}
THEMES = {"goods": "实物", "company": "陪伴", "repair": "修修补补"}
COMMUNITIES = {"yinxing": "银杏社区", "dukou": "渡口社区"}
ROOM = Address(channel="web", chat=f"r:{QUEUE}", is_group=True)


def keys(*rows: tuple[tuple[str, str], ...]) -> tuple[tuple[Key, ...], ...]:
    return tuple(tuple(Key(label=label, token=token) for label, token in row) for row in rows)


class Program:
    """Implements `bot.web.ports.Backend`. `staff` maps users to their names in the room."""

    street_name = "临江街道"
    communities = COMMUNITIES
    wish_kinds = KINDS
    wish_themes = THEMES
    web_base = ""

    def __init__(self, channel: WebChannel) -> None:
        self.channel = channel
        self.seen: dict[str, Incoming] = {}
        self.staff: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.files: dict[tuple[str, str], StoredFile] = {}
        self.wishes: list[WallWish] = []
        self.running: WallSeason | None = None
        self.reports: dict[int, WallReport] = {}
        self.public: dict[str, StoredFile] = {}
        self.places: list[WebStation] = []
        self.happened = 0
        self.claimed_by = ""
        self.busy = False
        self.hook_status = 200
        self.healthy = Health(True, [])

    async def receive(
        self, update: RawUpdate, *, channel: str = "web", wait: bool = False, beside: Beside | None = None
    ) -> bool:
        if self.busy:
            raise Busy(3)
        if beside is not None:
            async with self.channel.posts._store.write() as tx:
                if not await beside(tx):
                    return False
        if update.id in self.seen:
            return True
        (incoming,) = self.channel.parse(update.raw)
        assert incoming.id == update.id
        self.seen[update.id] = incoming
        await self._answer(incoming)
        return True

    async def _answer(self, incoming: Incoming) -> None:
        answers: dict[str, Callable[[Incoming], Outgoing]] = {
            "text": lambda one: Outgoing(
                text=f"明白了，{one.text}。\n📍 银杏苑 3 幢 2 单元　→ 银杏社区第一网格\n🕐 1 小时内有人接单",
                keys=keys(
                    (("对，就这样", "yes"), ("地点不对", "place")), (("不是这个事", "other"), ("再补充", "more"))
                ),
            ),
            "scan": lambda one: Outgoing(text=f"您扫的码：{one.scene}"),
            "media": lambda one: Outgoing(text=f"收到 {len(one.media)} 个文件"),
            "place": lambda one: Outgoing(text="位置收到了"),
            "edit": lambda one: Outgoing(text=f"改成了：{one.text}"),
        }
        if incoming.kind == "press":
            await self._pressed(incoming)
        elif not incoming.address.is_group:
            await self.channel.send(incoming.address, answers[incoming.kind](incoming))

    async def _pressed(self, incoming: Incoming) -> None:
        if incoming.token == "claim":
            name = self.staff[incoming.address.user]
            if self.claimed_by:
                toast = Outgoing(text=f"{self.claimed_by} 3 秒前接了。", callback=incoming.callback)
                await self.channel.send(incoming.address, toast)
                return
            self.claimed_by = name
            card = Outgoing(text=f"✅ 1042 {name} 10:45 接单", keys=keys((("填结果", "done"), ("放回", "back"))))
            await self.channel.send(incoming.address, card, post=incoming.message_ref)
        elif not incoming.address.is_group:
            await self.channel.send(incoming.address, Outgoing(text="已登记，单号 1042。有人接单我马上告诉您。"))

    async def post_card(self) -> str:
        text = (
            "🔧 1042 楼道灯、门禁　银杏苑 3 幢 2 单元　李阿姨 139****1234\n"
            "“楼道灯坏了好几天，我妈晚上不敢下楼”　📷 1\n10:42 受理 · 11:42 前接单 · 24 日 10:42 前办结"
        )
        out = Outgoing(text=text, keys=keys((("接单", "claim"), ("退回", "back"), ("详情", "detail"))))
        receipt = await self.channel.send(ROOM, out)
        return receipt.ref

    async def rooms(self, user: str) -> list[Room]:
        return [Room(QUEUE, "银杏社区第一网格", self.staff[user])] if user in self.staff else []

    async def may_enter(self, user: str, queue: str) -> bool:
        return queue == QUEUE and user in self.staff

    async def login(self, token: str) -> str | None:
        return self.links.pop(token, None)

    async def version(self) -> int:
        self.happened += 1
        return self.happened

    async def wall(self, wanted: WallQuery, below: int, limit: int) -> list[WallWish]:
        found = [
            wish
            for wish in self.wishes
            if (not wanted.kind or wish.kind == wanted.kind)
            and (not wanted.theme or wish.theme == wanted.theme)
            and (not wanted.community or COMMUNITIES.get(wanted.community) == wish.place)
            and (not below or wish.number < below)
            and (not wanted.only_open or wish.state == "published")
        ]
        return sorted(found, reverse=True)[:limit]

    async def wish(self, number: int) -> WallWish | None:
        return next((w for w in self.wishes if w.number == number), None)

    async def wall_figures(self) -> dict[str, int]:
        states = [w.state for w in self.wishes]
        return {
            "open": states.count("published"),
            "helping": states.count("adopted"),
            "fulfilled": states.count("fulfilled"),
        }

    async def season(self) -> WallSeason | None:
        return self.running

    async def season_report(self, number: int) -> WallReport | None:
        return self.reports.get(number)

    async def season_reports(self) -> list[WallSeason]:
        return [report.season for report in self.reports.values()]

    async def stations(self, point: tuple[float, float] | None, thing: str) -> list[WebStation]:
        found = [s for s in self.places if not thing or any(thing in t.name for t in s.lent)]
        return (
            found
            if point is None
            else [s if s.metres is not None else s._replace(metres=round(1000 * abs(point[0] - 119.4))) for s in found]
        )

    async def public_picture(self, ref: str) -> StoredFile | None:
        return self.public.get(ref)

    async def media_for(self, user: str, media_id: str) -> StoredFile | None:
        return self.files.get((user, media_id))

    async def paper(self, token: str, base: str) -> bytes | None:
        return b"%PDF-1.4" if token == "t" * 32 else None

    async def place_name(self, code: str) -> str | None:
        return {"yx03": "银杏苑 3 幢"}.get(code)

    async def health(self) -> Health:
        return self.healthy

    async def measure(self) -> None:
        self.measured = True

    async def telegram_hook(self, body: bytes, secret_header: str) -> int:
        return self.hook_status if secret_header == "right" else 403

    async def wecom_echo(self, query: Mapping[str, str]) -> tuple[int, str]:
        return (200, "echo") if query.get("msg_signature") == "right" else (403, "")

    async def wecom_way(self) -> tuple[str, str]:
        raise Absent

    async def wecom_arrive(self, code: str, state: str, cookie: str, url: str) -> Ready | None:
        raise Absent

    async def wechat_agreeing(self, user: str | None, url: str) -> Agreeing:
        raise Absent

    async def wecom_here(self, token: str, lat: float, lon: float) -> bool:
        raise Absent

    async def wecom_hook(self, query: Mapping[str, str], body: bytes) -> int:
        return self.hook_status if query.get("msg_signature") == "right" else 403

    def add_wishes(self, count: int) -> None:
        texts = [
            ("想给腿脚不便的老伴要一辆轮椅，旧的也可以，推出去晒晒太阳", "goods", "published", 0),
            ("孩子在外地上班，想有人周末陪我下盘象棋", "company", "published", 0),
            ("厨房的灯够不着，想请人帮忙换一个灯泡", "repair", "adopted", 1),
            ("孙女想要一套《十万个为什么》，二手的就行", "goods", "fulfilled", 1),
            ("想学用手机看病挂号，盼一位耐心的年轻人教教我", "company", "published", 0),
            ("轮椅坡道下雪太滑，想要两块防滑垫", "goods", "published", 0),
        ]
        for number in range(1, count + 1):
            text, kind, state, adopters = texts[number % len(texts)]
            place = list(COMMUNITIES.values())[number % 2]
            at = datetime(2026, 11, 1 + number % 20, 8, 0, tzinfo=UTC)
            more = {"shares": 3, "cost": 200} if number % 5 == 0 else {}
            self.wishes.append(WallWish(number, text, kind, place, state, at, adopters, theme=kind, **more))


async def open_channel(folder: Path) -> tuple[Database, WebChannel]:
    """A database with the tables of the web chat, and the channel on it."""
    db = Database(f"sqlite:///{folder / 'web.db'}", "linjiang")
    tables = [metadata.tables[name] for name in ("web_posts", "web_sessions", "web_files")]
    async with db.write() as connection:
        await connection.run_sync(lambda sync: metadata.create_all(sync, tables=tables))
    return db, WebChannel(db, MediaStore(folder / "media"), Sealer([new_key()]), poll_seconds=0.05)

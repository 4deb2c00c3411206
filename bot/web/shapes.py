"""What the HTTP API takes and gives. Ids are decimal strings: they do not fit into a JavaScript number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.channels.webchat.shapes import private_chat
from storage.webchat import Post


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char >= " " or char in "\n\t")


def _is_id(text: str) -> str:
    if int(text) >= 1 << 63:
        raise ValueError("not an id")
    return text


PostId = Annotated[str, Field(pattern=r"^[0-9]{1,19}$", examples=["379226341015552000"]), AfterValidator(_is_id)]
ClientId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="Chosen by the client: the same id again changes nothing"),
]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean)]
FileRef = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Queue = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$", examples=["grid:yinxing-01"])]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Body(BaseModel):
    """Unknown fields are refused: a misspelt one must not be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class GeoPoint(Body):
    """WGS-84 degrees, as browsers tell."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)


class NewMessage(Body):
    """A message with at least one of text, media and geo."""

    text: Text = ""
    media: list[FileRef] = Field(default=[], max_length=9, description="refs that POST /api/media returned")
    geo: GeoPoint | None = None
    reply_to: PostId | None = None
    client_id: ClientId

    @model_validator(mode="after")
    def _has_content(self) -> NewMessage:
        if not (self.text.strip() or self.media or self.geo):
            raise ValueError("empty")
        return self


class NewPress(Body):
    """A press on a button under a post."""

    token: str = Field(min_length=1, max_length=120, pattern=r"^[\x21-\x7e]+$")
    post: PostId
    client_id: ClientId


class NewScan(Body):
    """A code somebody scanned or typed: b_<place code>, w_<wish number>, s_<station code>, i_<invitation code> …"""

    scene: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["b_yx03"])]
    client_id: ClientId


class NewText(Body):
    """The new text of an own message."""

    text: Annotated[Text, Field(min_length=1)]
    client_id: ClientId


class Said(BaseModel):
    """The chat form of a browser without scripts."""

    text: Annotated[Text, Field(max_length=10_000)] = ""
    post: PostId | None = None
    token: str = Field(default="", max_length=120)


class KeyOut(BaseModel):
    """A button. `typed` is what a person may type instead."""

    label: str
    token: str
    typed: str = ""


class FileOut(BaseModel):
    """A file in a chat; fetch it at `url`."""

    ref: str
    kind: str
    mime: str
    size: int
    duration: int = 0
    url: str


class PostOut(BaseModel):
    """One message of a chat as this person sees it. `cursor` grows with every change of the post."""

    id: PostId
    cursor: PostId
    mine: bool
    bot: bool
    name: str = ""
    text: str
    keys: list[list[KeyOut]] = []
    pressed: str = ""
    media: list[FileOut] = []
    geo: GeoPoint | None = None
    reply_to: str = ""
    link: str = ""
    asks: bool = Field(default=False, description="open a reply box for this post")
    new: bool = Field(default=False, description="private chat only: had not been fetched before")
    client_id: str | None = None
    at: datetime
    edited_at: datetime | None = None


class Page(BaseModel):
    """Posts, oldest first. Follow the chat from `cursor`."""

    posts: list[PostOut]
    cursor: PostId
    more: bool = Field(description="there are more in the direction asked for")


class Accepted(BaseModel):
    """Stored. With wait=1, `posts` are what the program answered in this chat."""

    id: str
    posts: list[PostOut] = []


class Me(BaseModel):
    """Who this browser is."""

    user: str
    unseen: int = Field(default=0, description="answers in the private chat that were not fetched yet")
    staff: bool = False


class RoomOut(BaseModel):
    """A room of mine."""

    queue: str
    title: str


class WishOut(BaseModel):
    """A wish on the wall: no name, phone or exact room."""

    number: int
    text: str
    kind: str
    kind_name: str
    place: str
    state: str
    published_at: datetime
    adopters: int = Field(description="parts that are taken, of `shares`")
    theme: str = ""
    theme_name: str = ""
    shares: int = 1
    cost: int | None = Field(default=None, description="yuan at most, as a guide")
    due_at: datetime | None = None
    pairs: bool = Field(default=False, description="to be visited by two")
    carried: int = Field(default=0, description="seasons it has waited through")
    early: bool = Field(default=False, description="to be adopted from the launch hour of its season on")
    cursor: int = Field(description="its place on the wall: `before` for the next page")


class LentOut(BaseModel):
    """Something a station lends."""

    name: str
    free: int = Field(description="how many are there now")
    hours: int = Field(description="how long it is lent for")


class StationOut(BaseModel):
    """A station with what it lends. Who has borrowed what is told to nobody."""

    number: int
    name: str
    place: str
    hours: str
    words: str
    open: bool | None = Field(description="null where the hours do not say it")
    metres: int | None = Field(description="from the position that was asked for")
    lent: list[LentOut]


class WallOut(BaseModel):
    """The wall in numbers, and the season that runs."""

    open: int
    helping: int
    fulfilled: int
    season: str = ""
    launch_at: datetime | None = None
    closes_at: datetime | None = None


class HealthOut(BaseModel):
    """Whether the service works, and what is wrong when it does not."""

    status: Literal["ok", "unready"]
    findings: list[str] = []


def post_values(post: Post, user: str) -> dict[str, Any]:
    """A stored post as one person sees it: the values of a `PostOut`, all of them, in its order."""
    mine, says = post.author == user, post.direction == "out"
    return {
        "id": str(post.id),
        "cursor": str(post.changed),
        "mine": mine,
        "bot": says,
        "name": "" if says else post.name,
        "text": post.text,
        "keys": [
            [{"label": k["label"], "token": k["token"], "typed": k.get("typed", "")} for k in row] for row in post.keys
        ],
        "pressed": post.pressed,
        "media": [_file_values(file) for file in post.media],
        "geo": {"lat": post.geo["lat"], "lon": post.geo["lon"]} if post.geo else None,
        "reply_to": post.reply_to,
        "link": post.link,
        "asks": post.asks and post.name in ("", user),
        "new": says and post.seen_at is None and post.chat == private_chat(user),
        "client_id": post.client_id if mine else None,
        "at": post.created_at,
        "edited_at": post.edited_at,
    }


def _file_values(file: dict[str, Any]) -> dict[str, Any]:
    values = {name: file[name] for name in ("ref", "kind", "mime", "size")}
    return {**values, "duration": file.get("duration", 0), "url": f"/media/{file['ref']}"}


def post_out(post: Post, user: str) -> PostOut:
    """The same as a shape."""
    return PostOut(**post_values(post, user))

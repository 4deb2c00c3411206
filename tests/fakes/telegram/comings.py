"""Who is on the platform and who comes and goes: people, groups, topics, blocking, joining, migrating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.fakes.telegram.updates import UpdateQueue
from tests.fakes.telegram.world import IN_GROUP, Group, Message, Person, World

Someone = Person | int
Chat = Person | Group | int


def as_id(who: Chat) -> int:
    return who if isinstance(who, int) else who.id


ADMIN_RIGHTS = [
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]


def _member(who: Person, status: str) -> dict[str, Any]:
    body: dict[str, Any] = {"user": who.as_json(), "status": status}
    if status == "kicked":
        body["until_date"] = 0
    if status == "administrator":
        body |= dict.fromkeys(ADMIN_RIGHTS, False)
    return body


class Comings:
    """Makes people and groups and changes who is where. Each change becomes updates."""

    world: World
    queue: UpdateQueue

    def person(self, first_name: str, last_name: str = "", username: str = "", *, started: bool = False) -> Person:
        who = Person(100_000 + self.world.next_id(), first_name, last_name, username, started=started)
        self.world.people[who.id] = who
        return who

    def group(
        self,
        title: str,
        members: Sequence[Someone] = (),
        *,
        kind: str = "supergroup",
        forum: bool = False,
        bot: str = "member",
    ) -> Group:
        """A group with these members; `bot` is the status of our bot ("left": not in it yet)."""
        number = self.world.next_id()
        chat = -1_001_000_000_000 - number if kind == "supergroup" else -4_000_000 - number
        group = Group(chat, title, kind, forum, {as_id(each): "member" for each in members}, bot)
        self.world.groups[chat] = group
        return group

    def topic(self, group: Group | int, name: str) -> int:
        """Opens a forum topic; gives its thread id."""
        found = self._group(group)
        thread = self.world.add_message(found.id, next(iter(found.members)), {"forum_topic_created": {"name": name}}).id
        found.topics[thread] = name
        return thread

    def close_topic(self, group: Group | int, thread: int) -> None:
        """Deletes a topic: nothing can be sent there any more."""
        del self._group(group).topics[thread]

    def block(self, who: Someone) -> None:
        self._private_status(self._person(who), blocked=True)

    def unblock(self, who: Someone) -> None:
        self._private_status(self._person(who), blocked=False)

    def add_bot(self, group: Group | int, by: Someone, status: str = "member") -> None:
        self._bot_status(self._group(group), by, status)

    def remove_bot(self, group: Group | int, by: Someone) -> None:
        self._bot_status(self._group(group), by, "kicked")

    def join(self, who: Someone, group: Group | int) -> Message:
        found, person = self._group(group), self._person(who)
        found.members[person.id] = "member"
        self._member_update(found, person, "left", "member")
        return self._notice(person, found, {"new_chat_members": [person.as_json()]})

    def leave(self, who: Someone, group: Group | int) -> Message:
        found, person = self._group(group), self._person(who)
        left = self._notice(person, found, {"left_chat_member": person.as_json()})
        found.members[person.id] = "left"
        self._member_update(found, person, "member", "left")
        return left

    def migrate(self, group: Group | int, by: Someone) -> Group:
        """Upgrades a basic group; the old id refuses from now on and names the new one."""
        old = self._group(group)
        members = [each for each, status in old.members.items() if status in IN_GROUP]
        new = self.group(old.title, members, bot=old.bot_status)
        old.moved_to = new.id
        self._notice(by, old, {"migrate_to_chat_id": new.id})
        self._notice(by, new, {"migrate_from_chat_id": old.id})
        return new

    def _person(self, who: Someone) -> Person:
        return self.world.people[as_id(who)]

    def _group(self, group: Group | int) -> Group:
        return self.world.groups[as_id(group)]

    def _notice(self, who: Person | int, group: Group, content: dict[str, Any]) -> Message:
        """A service message, which bots in the group always hear."""
        message = self.world.add_message(group.id, as_id(who), content)
        if group.bot_status in IN_GROUP:
            self.queue.put("message", self.world.message_json(message))
        return message

    def _private_status(self, person: Person, *, blocked: bool) -> None:
        if person.blocked != blocked:
            person.blocked = blocked
            old, new = ("member", "kicked") if blocked else ("kicked", "member")
            self._membership("my_chat_member", person.chat_json(), person, self.world.bot, old, new)

    def _bot_status(self, group: Group, by: Someone, status: str) -> None:
        old, group.bot_status = group.bot_status, status
        self._membership("my_chat_member", group.chat_json(), self._person(by), self.world.bot, old, status)

    def _member_update(self, group: Group, person: Person, old: str, new: str) -> None:
        if group.bot_status == "administrator":
            self._membership("chat_member", group.chat_json(), person, person, old, new)

    def _membership(self, kind: str, chat: dict[str, Any], by: Person, who: Person, old: str, new: str) -> None:
        states = {"old_chat_member": _member(who, old), "new_chat_member": _member(who, new)}
        self.queue.put(kind, {"chat": chat, "from": by.as_json(), "date": self.world.now(), **states})

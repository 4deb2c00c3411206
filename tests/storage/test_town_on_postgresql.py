"""The central journeys of residents and staff on PostgreSQL; every statement they send keeps the tenant rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from storage import people
from storage.plans import Plans
from tests.bot import test_inbox, test_sender
from tests.handlers import (
    test_account,
    test_adopt,
    test_briefs,
    test_claim,
    test_climbing,
    test_desk,
    test_dispute,
    test_extension,
    test_joining,
    test_points,
    test_rate,
    test_report,
    test_resource,
    test_season,
    test_snap,
    test_station,
    test_supervision,
    test_survey,
    test_volunteer,
    test_waiting,
    test_whistle,
    test_wish_together,
)
from tests.storage import rules
from tests.storage.conftest import Fresh
from tests.town import Town

JOURNEYS: list[Callable[..., Awaitable[None]]] = [
    test_report.test_one_press_files_a_clear_sentence_with_a_place,
    test_claim.test_a_press_takes_it_and_everybody_hears_who,
    test_claim.test_returned_with_a_reason_to_the_desk,
    test_claim.test_transferred_by_a_button_with_a_name,
    test_claim.test_contact_goes_to_the_claimer_alone_and_is_recorded,
    test_rate.test_two_questions_and_words,
    test_rate.test_no_goes_back_first_to_the_queue_then_the_desk_then_the_street,
    test_desk.test_refused_with_a_reason_the_resident_reads,
    test_joining.test_an_open_record_is_shown_and_joined,
    test_joining.test_every_update_the_list_and_leaving,
    test_joining.test_both_are_asked_and_a_supporters_yes_does_not_close,
    test_adopt.test_the_whole_way_to_the_thanks,
    test_adopt.test_given_up_goes_back_to_the_wall,
    test_wish_together.test_a_group_takes_the_parts_and_begins_when_it_is_full,
    test_wish_together.test_whoever_waits_is_asked_first,
    test_wish_together.test_a_wish_is_handed_over_and_stays_held_until_then,
    test_resource.test_a_units_offer_meets_a_wish,
    test_points.test_an_appeal_goes_to_the_desk_and_comes_back_as_an_entry,
    test_points.test_points_are_exchanged_and_handed_over,
    test_volunteer.test_a_member_registers_and_the_community_confirms,
    test_volunteer.test_an_activity_from_the_announcement_to_the_hours,
    test_snap.test_a_photo_and_a_place_are_a_record_and_credited_when_it_is_resolved,
    test_station.test_borrowed_and_given_back_by_scanning,
    test_station.test_damage_reaches_the_keeper_with_its_photo,
    test_station.test_put_back_without_a_scan_and_lost_without_blame,
    test_volunteer.test_a_post_is_offered_taken_and_served,
    test_season.test_what_is_left_is_looked_at_and_goes_first_next_time,
    test_account.test_erasing_asks_first_and_can_be_left,
    test_climbing.test_an_unclaimed_record_climbs_three_levels_over_a_holiday_week,
    test_waiting.test_paused_for_a_part_and_going_on_by_itself,
    test_waiting.test_parked_until_its_review_it_comes_back_by_itself,
    test_extension.test_asked_granted_and_told,
    test_dispute.test_the_second_return_is_a_dispute_and_the_ruling_stands,
    test_supervision.test_demanded_replied_and_told,
    test_supervision.test_an_appeal_is_heard_and_taken_up_with_the_time_that_was_left,
    test_whistle.test_three_departments_one_late_and_the_lead_resolves_the_whole,
    test_survey.test_asked_answered_once_and_reported,
]
ALONE: list[Callable[..., Awaitable[None]]] = [
    test_inbox.test_what_was_taken_is_handled,
    test_inbox.test_a_repeat_changes_nothing_and_is_answered_at_once,
    test_claim.test_fifty_presses_have_one_winner,
    test_adopt.test_fifty_want_it_and_one_gets_it,
    test_wish_together.test_a_silent_adopter_loses_it_and_the_next_is_asked,
    test_season.test_a_small_season_to_its_report,
    test_rate.test_reminded_twice_then_closed_as_unrated,
    test_joining.test_withdrawing_what_others_joined_hands_it_on,
    test_joining.test_the_third_alarms_the_desk_once_a_day,
    test_account.test_open_work_goes_on_without_a_name,
    test_briefs.test_every_morning_each_group_hears_its_own_day_once,
    test_briefs.test_mondays_the_desks_hear_of_their_week,
    test_whistle.test_both_sides_assess_each_other_once,
    test_whistle.test_from_several_records_at_once,
    test_whistle.test_chosen_press_by_press_with_the_reasons,
]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every statement that is sent while the test runs: SQL -> what it was made from."""
    found: dict[str, Any] = {}

    def note(statement: Any, sql: str) -> None:
        found[sql] = statement

    monkeypatch.setattr(Plans, "watch", staticmethod(note))
    return found


@pytest.fixture(autouse=True)
def on_postgresql(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Town, "url", fresh("postgresql"))


OWN = str(people.people.select().compile(dialect=postgresql.dialect()))
"""What a step of the tests looks somebody up with."""


def check(sent: dict[str, Any]) -> None:
    sent.pop(OWN, None)
    assert len(sent) > 10
    assert [(found, sql) for sql, made in sent.items() if (found := rules.broken(made, sql))] == []


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda j: j.__name__.removeprefix("test_"))
async def test_with_buttons(journey: Callable[..., Awaitable[None]], tmp_path: Path, sent: dict[str, Any]) -> None:
    await journey(tmp_path, True)
    check(sent)


@pytest.mark.parametrize("journey", ALONE, ids=lambda j: j.__name__.removeprefix("test_"))
async def test_alone(journey: Callable[..., Awaitable[None]], tmp_path: Path, sent: dict[str, Any]) -> None:
    await journey(tmp_path)
    check(sent)


@pytest.mark.parametrize("poison", ["bad", "boom"])
async def test_one_bad_update_spoils_nothing(poison: str, tmp_path: Path) -> None:
    await test_inbox.test_one_bad_update_spoils_nothing(tmp_path, poison)


async def test_a_message_is_sent(tmp_path: Path) -> None:
    await test_sender.test_a_migrated_group_gets_its_message_under_the_new_id(tmp_path)

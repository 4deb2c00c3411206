"""A small street for the tests of this folder."""

from workflow.queues import Org

ORG = Org(
    street_id="linjiang",
    communities={"yinxing": "银杏社区", "dukou": "渡口社区"},
    grids={"yinxing-01": "yinxing", "yinxing-02": "yinxing", "dukou-01": "dukou"},
    departments={"gas": "燃气", "party": "党群"},
    grid_names={"yinxing-01": "银杏社区第一网格"},
    street_name="临江街道",
)

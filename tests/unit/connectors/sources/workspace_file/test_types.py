from __future__ import annotations

import pytest

from connectors.sources.workspace_file import WorkspaceError, read_workspace
from tests.unit.connectors.sources.workspace_file.small_file import changed, errors, put


class TestTypeErrors:
    @pytest.mark.parametrize(
        ("path", "value", "place", "sentence", "fix"),
        [
            (
                "parties.0.colour",
                "red",
                "parties[0].colour",
                'the key "colour" is not known here.',
                "Known keys",
            ),
            ("parties.0.emial", "a", "parties[0].emial", 'the key "emial" is not known here.', "emails"),
            ("partys", [], "partys", 'the key "partys" is not known here.', "Did you mean parties?"),
            ("subledger", 2, "subledger", '"2" does not fit here.', "Write 1."),
            ("parties", "x", "parties", '"x" does not fit here.', "a list"),
            ("parties.0", "x", "parties[0]", '"x" does not fit here.', "a group of keys"),
            ("parties.0.name", ["x"], "parties[0].name", "there is a list here.", "Write a name."),
            (
                "parties.0.name",
                {"x": "y"},
                "parties[0].name",
                "there is a group of keys here.",
                "Write a name.",
            ),
            (
                "parties.0.ledger_ids",
                {"B": ["x"]},
                "parties[0].ledger_ids",
                "there is a group",
                "{BOOK: 123}",
            ),
            ("parties.1", None, "parties[1]", "there is nothing here.", "a group of keys"),
            (
                "contracts.0.from",
                "2026-02-29",
                "contracts[0].from",
                '"2026-02-29" does not fit',
                "2026-01-31",
            ),
            ("contracts.0.from", "01.02.2026", "contracts[0].from", "does not fit", "2026-01-31"),
            ("contracts.0.from", "0000-01-01", "contracts[0].from", "does not fit", "2026-01-31"),
            ("contracts.0.from", "10000-01-01", "contracts[0].from", "does not fit", "2026-01-31"),
            (
                "contracts.0.timing",
                "advanced",
                "contracts[0].timing",
                "does not fit",
                "Did you mean advance?",
            ),
            ("contracts.0.rounding", "half_up", "contracts[0].rounding", "does not fit", "per_line/half_up"),
            (
                "contracts.0.payment_terms_days",
                "ten",
                "contracts[0].payment_terms_days",
                "fit",
                "whole number",
            ),
            (
                "subscriptions.0.auto_renew",
                "yes",
                "subscriptions[0].auto_renew",
                '"yes" does',
                "true or false",
            ),
            ("subscriptions.0.quantity", "1,5", "subscriptions[0].quantity", '"1,5" does', "plain decimal"),
            ("books.0.server_limit_s", "-1", "books[0].server_limit_s", '"-1" does', "seconds"),
        ],
    )
    def test_say_path_value_and_what_is_expected(
        self, path: str, value: object, place: str, sentence: str, fix: str
    ) -> None:
        """Bad inputs 26, 27, 29 and 41."""
        (finding,) = errors(put(path, value))

        assert finding.path == place
        assert finding.line is not None
        assert sentence in finding.sentence
        assert fix in finding.fix

    @pytest.mark.parametrize(
        "price",
        [
            "1E+3",
            "1,234.56",
            "1.234,56",
            "１２",
            "0x1",
            "NaN",
            "Infinity",
            "1_000",
            " 1",
            "1.",
            ".5",
            "",
            "+1",
        ],
    )
    def test_refuse_numbers_that_are_not_plain(self, price: str) -> None:
        """Bad input 26."""
        (finding,) = errors(put("price_lists.0.prices.0.tiers.0.price", price))

        assert "does not fit here" in finding.sentence

    def test_name_a_missing_key_and_what_it_may_be(self) -> None:
        (finding,) = errors(changed(lambda data: data["pools"][0].pop("measure")))

        assert finding.path == "pools[0].measure"
        assert finding.sentence == "measure is missing."
        assert finding.fix == "Add it: one of end_of_period, peak, time_weighted."

    def test_ask_for_the_number_of_the_format(self) -> None:
        (finding,) = errors(changed(lambda data: data.pop("subledger")))

        assert (finding.path, finding.sentence) == ("subledger", "subledger is missing.")

    def test_come_all_at_once_in_the_order_of_the_file(self) -> None:
        raw = (
            b"subledger: 1\nparties:\n- code: A\n  nam: x\n- code: B\n  name: y\n  emails: z\ncontracts: q\n"
        )

        with pytest.raises(WorkspaceError) as caught:
            read_workspace(raw, name="three.yaml")

        assert [(finding.path, finding.line) for finding in caught.value.findings] == [
            ("parties[0].name", 3),
            ("parties[0].nam", 4),
            ("parties[1].emails", 7),
            ("contracts", 8),
        ]
        assert str(caught.value).startswith("three.yaml was not read: 4 things to correct.\n")
        assert 'parties[0].nam (line 4): the key "nam" is not known here. Did you mean name?' in str(
            caught.value
        )

    def test_are_listed_up_to_a_hundred_in_the_message(self) -> None:
        with pytest.raises(WorkspaceError) as caught:
            read_workspace(b"subledger: 1\nparties: [" + b"x, " * 150 + b"]", name="many.yaml")

        assert len(caught.value.findings) == 150
        assert str(caught.value).endswith("\n  … and 50 more.")

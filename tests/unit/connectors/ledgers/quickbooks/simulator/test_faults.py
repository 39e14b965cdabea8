from __future__ import annotations

from connectors.simulation.faults import Call, Fault, FaultScript

CALL = Call("1", "POST", "invoice", "create", b'{"DocNumber":"N-1"}')


def outcomes(script: FaultScript, call: Call = CALL, times: int = 4) -> list[str]:
    struck = [script.strike(call).outcome for _call in range(times)]
    return [fault.fault if fault else "-" for fault in struck]


def script(*faults: Fault) -> FaultScript:
    made = FaultScript()
    made.add(faults)
    return made


class TestFaultScript:
    def test_strikes_from_the_nth_call_for_so_many_times(self) -> None:
        assert outcomes(script(Fault("hang", nth=2, times=2))) == ["-", "hang", "hang", "-"]

    def test_strikes_for_ever_with_times_0(self) -> None:
        assert outcomes(script(Fault("empty", times=0))) == ["empty"] * 4

    def test_plays_outcomes_one_after_the_other(self) -> None:
        assert outcomes(script(Fault("reset"), Fault("html")), times=3) == ["reset", "html", "-"]

    def test_strikes_only_what_every_matcher_meets(self) -> None:
        for fault in (
            Fault("reset", realm="2"),
            Fault("reset", method="GET"),
            Fault("reset", entity="customer"),
            Fault("reset", operation="update"),
            Fault("reset", body_contains="N-2"),
        ):
            assert outcomes(script(fault), times=1) == ["-"]
        exact = Fault(
            "reset", realm="1", method="post", entity="Invoice", operation="CREATE", body_contains="N-1"
        )
        assert outcomes(script(exact), times=1) == ["reset"]

    def test_draws_the_same_lots_from_the_same_seed(self) -> None:
        drawn = [
            outcomes(script(Fault("reset", times=0, probability=0.5, seed=7)), times=20) for _run in "ab"
        ]

        assert drawn[0] == drawn[1]
        assert {"reset", "-"} == set(drawn[0])

    def test_combines_modifiers_with_an_outcome(self) -> None:
        made = script(Fault("read_lag", seconds=3, times=0), Fault("reset"), Fault("ignore_request_id"))

        first, second = made.strike(CALL), made.strike(CALL)

        assert (first.outcome is not None, first.read_lag_s, first.has("ignore_request_id")) == (
            True,
            3,
            True,
        )
        assert (second.outcome, second.read_lag_s, second.has("ignore_request_id")) == (None, 3, False)

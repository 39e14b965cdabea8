from __future__ import annotations

import pytest
import yaml

from connectors.sources.workspace_file import grammars, reader, tree
from connectors.sources.workspace_file.reader import Unreadable, locate, read


def refusal(raw: bytes, name: str = "set-up.yaml") -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(raw, name=name)
    return caught.value


class TestYaml:
    def test_reads_every_scalar_as_text(self) -> None:
        raw = b"price: 8.40\ncountry: NO\nflag: true\nday: 2026-01-01\nnumber: 007\nbig: 1_000\n"

        assert read(raw, name="a.yaml") == {
            "price": "8.40",
            "country": "NO",
            "flag": "true",
            "day": "2026-01-01",
            "number": "007",
            "big": "1_000",
        }

    def test_takes_a_key_without_value_as_absent(self) -> None:
        raw = b'until:\nend: ~\nparent: null\nname: "null"\nlist:\n  -\n'

        assert read(raw, name="a.yaml") == {"name": "null", "list": [None]}

    def test_reads_the_same_without_libyaml(self) -> None:
        text = 'a: [1, {b: "x"}]\nc:\n  - d: 1.50\n    e:\n'
        with_c, without_c = tree.Tree(), tree.Tree()

        grammars.drive_yaml(text, with_c)
        grammars.drive_yaml(text, without_c, loader=yaml.SafeLoader)

        assert with_c.root == without_c.root == {"a": ["1", {"b": "x"}], "c": [{"d": "1.50"}]}

    @pytest.mark.parametrize(
        ("raw", "sentence", "line"),
        [
            (b"a: 1\nb: 2\na: 3\n", 'the key "a" is there twice.', 3),
            (b"a: &x 1\n", "the anchor &x is not allowed.", 1),
            (b"a: 1\nb: *x\n", "the alias *x is not allowed.", 2),
            (b"a: !!python/object:os.system x\n", "is not allowed.", 1),
            (b"a: !x 1\n", 'the tag "!x" is not allowed.', 1),
            (b"a: 1\n---\nb: 2\n", "a second document begins here (`---`).", 2),
            (b"a:\n\tb: 1\n", "a tab or a reserved character", 2),
            (b"a: 'x\n", "this is not YAML", None),
            (b"? [a]\n: 1\n", "a key is not plain text.", 1),
            (b"a: {b: 1\n", "this is not YAML", None),
            (b'a: "\\0"\n', "control character U+0000", 1),
            (b"a: 1\nb: x\x00y\n", "control character U+0000", 2),
            (b"a: 1\nb: \xe4\n", "byte 0xE4 is not UTF-8 text.", 2),
            ("a: 1\n".encode("utf-16"), "it is UTF-16 or UTF-32 text.", 1),
            ("a: 1\n".encode("utf-16-le"), "it is UTF-16 or UTF-32 text.", 1),
            (b"", "it is empty.", None),
            (b"# only a comment\n", "it is empty.", None),
            (b"- a\n- b\n", "it does not begin with keys", 1),
            (b"just words\n", "it does not begin with keys", 1),
        ],
    )
    def test_refuses_what_is_not_plain_data(self, raw: bytes, sentence: str, line: int | None) -> None:
        """Bad input 41."""
        refused = refusal(raw)

        assert sentence in refused.sentence
        if line is not None:
            assert refused.line == line

    def test_says_the_path_of_a_key_that_is_there_twice(self) -> None:
        refused = refusal(b"parties:\n  - code: A\n  - code: B\n    name: x\n    name: y\n")

        assert (refused.path, refused.line) == (("parties", 1, "name"), 5)

    def test_accepts_the_mark_that_windows_editors_put_first(self) -> None:
        assert read(b"\xef\xbb\xbfa: 1\r\n", name="a.yaml") == {"a": "1"}


class TestJson:
    def test_keeps_numbers_as_they_are_written(self) -> None:
        raw = b'{"price": 8.40, "big": 1e400, "flag": false, "none": null, "text": "\\ud83d\\ude00\\/"}'

        assert read(raw, name="a.json") == {"price": "8.40", "big": "1e400", "flag": "false", "text": "😀/"}

    @pytest.mark.parametrize(
        ("raw", "sentence"),
        [
            (b'{"a": 1, "a": 2}', 'the key "a" is there twice.'),
            (b'{"a": 1,}', "this is not JSON"),
            (b'{"a": [1,]}', "this is not JSON"),
            (b'{"a" 1}', "this is not JSON"),
            (b'{"a": 1} {"b": 2}', "this is not JSON"),
            (b'{"a": 1', "this is not JSON"),
            (b'{"a": 1]', "this is not JSON"),
            (b"{a: 1}", "this is not JSON"),
            (b'{"a": NaN}', "this is not JSON"),
            (b'{"a": -Infinity}', "this is not JSON"),
            (b'{"a": 01}', "this is not JSON"),
            (b'{"a": "\\x"}', "this is not JSON"),
            (b'{"a": "\\ud800"}', "control character U+D800"),
            (b'{"a": "\\u0000"}', "control character U+0000"),
            (b'["a"]', "it does not begin with keys"),
            (b'"a"', "it does not begin with keys"),
            (b"", "this is not JSON"),
        ],
    )
    def test_refuses_what_is_not_plain_json(self, raw: bytes, sentence: str) -> None:
        """Bad inputs 10 and 41."""
        assert sentence in refusal(raw, "a.json").sentence

    def test_is_recognised_without_a_name(self) -> None:
        assert read(b'\n{"a":1,\t"b":"\\/"}', name="-") == {"a": "1", "b": "/"}

    def test_is_yaml_where_the_name_says_so(self) -> None:
        assert read(b"{a: 1}", name="set-up.yml") == {"a": "1"}


class TestBounds:
    @pytest.mark.parametrize("name", ["deep.yaml", "deep.json"])
    def test_stop_nesting(self, name: str) -> None:
        assert "nested more than 20 deep" in refusal(b'{"a":' + b"[" * 100_000, name).sentence

    def test_stop_a_bomb_of_aliases_at_its_first_anchor(self) -> None:
        """Bad input 41."""
        bomb = "a: &a [x, x, x]\n" + "".join(
            f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}]\n"
            for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        )

        assert refusal(bomb.encode()).line == 1

    def test_stop_a_file_that_is_too_large(self) -> None:
        assert "at most" in refusal(b"#" * (reader.BYTES_MAX + 1)).sentence

    def test_stop_a_text_that_is_too_long(self) -> None:
        assert "longer than" in refusal(b"a: " + b"x" * (tree.TEXT_MAX + 1)).sentence

    def test_stop_too_many_values(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tree, "VALUES_MAX", 10)

        assert "more than 10 values" in refusal(b"a: [" + b"1," * 20 + b"]").sentence


class TestLocate:
    @pytest.mark.parametrize(
        ("raw", "name"),
        [
            (b"a: 1\nparties:\n  - code: A\n  - code: B\n    parents:\n      - parent: C\n", "a.yaml"),
            (
                b'{"a": 1,\n"parties": [\n{"code": "A"},\n{"code": "B",\n"parents": [\n{"parent": "C"}]}]}',
                "a.json",
            ),
        ],
    )
    def test_finds_the_lines_of_paths_and_of_what_is_around_them(self, raw: bytes, name: str) -> None:
        wanted = ("parties", 1, "parents", 0, "parent")

        lines = locate(raw, name=name, paths=[wanted, ("parties", 0, "absent")])

        assert lines == {
            ("parties",): 2,
            ("parties", 0): 3,
            ("parties", 1): 4,
            ("parties", 1, "parents"): 5,
            ("parties", 1, "parents", 0): 6,
            wanted: 6,
        }

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.web.forms import asks_to_unsubscribe

PART = b'--%b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--%b--\r\n'
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", b"List%2DUnsubscribe=One-Click"),
        ("application/x-www-form-urlencoded", b"a=b&List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", PART % (b"x", b"x")),
        ("multipart/form-data; boundary=----a1+b'c", PART % (b"----a1+b'c", b"----a1+b'c")),
        ('multipart/form-data; charset=utf-8; Boundary="a b"', PART % (b"a b", b"a b")),
        (
            "multipart/form-data; boundary=x",
            b"hi\r\n--x\r\ncontent-disposition: form-data; name=List-Unsubscribe\r\n\r\nOne-Click\r\n--x--",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' + PART % (b"x", b"x"),
        ),
    ],
)
def test_one_click_is_found(content_type: str, body: bytes) -> None:
    assert asks_to_unsubscribe(content_type, body)


@pytest.mark.parametrize(
    "part",
    [
        PART.replace(b"name=", b"filename="),
        PART.replace(b"One-Click", b"One-Click "),
        PART.replace(b"One-Click", b"\r\nOne-Click"),
        PART.replace(b"\r\n\r\n", b"\r\n"),
        PART.replace(b"\r\n", b"\n"),
        PART.replace(b"List-Unsubscribe", b"List-Unsubscribe2"),
    ],
)
def test_another_field_is_not_one_click(part: bytes) -> None:
    assert not asks_to_unsubscribe("multipart/form-data; boundary=x", part % (b"x", b"x"))


@given(
    st.sampled_from(FORMS)
    | st.text(max_size=200)
    | st.text("; boundary=\"x*0'\r\n", max_size=100).map(FORMS[1].__add__),
    st.binary(max_size=500)
    | st.text('-x\r\n;name=" List-UnsubscribeOne-Click:%&', max_size=500).map(str.encode),
)
def test_no_form_is_an_error(content_type: str, body: bytes) -> None:
    assert asks_to_unsubscribe(content_type, body) in (True, False)

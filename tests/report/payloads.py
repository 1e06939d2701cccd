"""Names that somebody could give to a server in order to harm whoever reads a report."""

from typing import Final

PAYLOADS: Final = (
    *('=HYPERLINK("http://evil.example","x")', "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1"),
    *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x", "=cmd|' /C calc'!A0", '"=1+1"', "',=1+1", ";=1+1"),
    *("<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</script><script>alert(1)</script>"),
    *(
        "<svg/onload=alert(1)>",
        '"><b>bold',
        "'><b>bold",
        "{{7*7}}",
        "{% raw %}",
        "${7*7}",
        "&lt;b&gt;",
        "javascript:alert(1)",
    ),
    *("</style><script>alert(1)</script>", "<!--", "-->", "<base href=//evil.example>", "]]>"),
    *(
        "\x1b[2J\x1b[31mred",
        "\x1b]0;title\x07",
        "\x9b31m",
        "a\rb",
        "a\nb",
        "\x00nul",
        "\u202egnp.exe",
        "\u2028",
        "\ufeffbom",
    ),
    *(
        "' OR '1'='1",
        "\u2066isolated\u2069",
        "\x08\x7f",
        "a" * 255,
        "W\u0301" * 120,
        "../../etc/passwd",
        "`id`",
        "$(id)",
        "%s%n",
    ),
    *('quote " and \\ backslash', 'name{label="x"} 1', "# EOF", "\\n"),
)

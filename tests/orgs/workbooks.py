"""Made-up roster workbooks, as messy as real ones."""

import io

import xlsxwriter

HEADER = ["街道", "社区", "片", "片长", "片长电话", "组", "组长", "组长电话", "邻", "邻长", "邻长电话", "户数"]
PLACE = ["花戏楼街道", "花戏社区"]


def row(neighbourhood="甲邻", chief="赵一", phone="13700000001", households=10, **other):
    """Return one full row in the order of HEADER, in the street of the tests' world."""
    cells = dict(zip(HEADER, [*PLACE, "东片", "钱片", "13700000091", "一组", "孙组", "13700000092"], strict=False)) | {
        "邻": neighbourhood,
        "邻长": chief,
        "邻长电话": phone,
        "户数": households,
    }
    return [(cells | other)[column] for column in HEADER]


def workbook(*sheets, merges=(), hidden=()) -> bytes:
    """Return an .xlsx with the sheets (lists of rows); `merges` are (sheet, top, left, bottom, right, value)."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        made = []
        for number, rows in enumerate(sheets):
            sheet = book.add_worksheet(f"表{number + 1}")
            made.append(sheet)
            if number in hidden:
                sheet.hide()
            for index, cells in enumerate(rows):
                for place, value in enumerate(cells):
                    if value is not None and value != "":
                        sheet.write(index, place, value)
        for number, top, left, bottom, right, value in merges:
            made[number].merge_range(top, left, bottom, right, value)
    return buffer.getvalue()


def roster(*rows) -> bytes:
    """Return a workbook of one sheet with the usual header over `rows`."""
    return workbook([HEADER, *rows])

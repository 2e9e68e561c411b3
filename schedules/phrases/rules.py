"""The rules: which tokens make which pieces. Read the table from top to bottom; ``making`` picks up the numbers.

Conventions are those of the deadline phrases' README (numbers in brackets); what follows from several pieces together
is decided in :mod:`schedules.phrases.joining`.
"""

from __future__ import annotations

from schedules.phrases import making as make
from schedules.phrases.patterns import Rule, Table
from schedules.phrases.pieces import Piece

# ---- Parts of patterns that return ----

_OF_REPORT = "( báo_cáo | thực_hiện | văn_bản )"
_EVERY_YEAR = f"every:( [ , | LEFT ] hằng năm | ( năm | kỳ ) {_OF_REPORT} | năm này [ báo_cáo ] )"
_NEXT_YEAR = f"next:( năm sau [ với ] [ ( năm | kỳ ) {_OF_REPORT} ] )"
_LAST_YEAR = f"last:( năm trước !ngày [ với ] [ ( năm | kỳ ) {_OF_REPORT} ] )"
#: What may stand behind a day or a month: its year, the year before or after, or that it comes every year.
_YEAR = (
    "[ ( / | - | . | – | , ) y:Y | / yy:YY | [ , | LEFT ] [ trong ] năm y:Y "
    f"| {_NEXT_YEAR} | {_LAST_YEAR} | this:năm_nay | {_EVERY_YEAR} | plain:năm !Y !trước !N ]"
)
_PERIOD = "( quarter:quý | own:kỳ | year:năm | half:( D tháng ) )"
_PLACE = "( end:cuối | begin:đầu | middle:giữa | thứ k:M )"
#: Between the month and its day: "tháng cuối quý, trước ngày 15".
_ROUND_A_DAY = "[ , | : | LEFT ] [ gửi | xong ] [ sooner:trước | chậm_nhất ]"
_AFTER = "[ later:sau | trước | này | báo_cáo ] [ ( quý | kỳ ) báo_cáo ]"
#: Which month of which period: "tháng cuối mỗi quý", "tháng đầu quý sau", "tháng sau", "tháng báo cáo".
_MONTH = (
    f"( [ hằng ] month:tháng {_PLACE} [ later:sau ] [ trong ] [ hằng ] {_PERIOD} {_AFTER} "
    "| tháng later:( sau | khi ) [ sau | khi ] [ kết_thúc | đến ] [ hằng ] "
    "( quarter:quý !Q | half:( D tháng !M ) | year:năm !Y ) [ báo_cáo ] "
    "| tháng later:sau [ ( tháng | kỳ | quý ) báo_cáo ] | tháng trước [ before_report:( kỳ báo_cáo ) ] "
    "| [ trong ] hằng tháng | tháng báo_cáo | tháng này | kỳ báo_cáo | tháng !N )"
)
#: The same behind a number that is not called a day: "trước 15 tháng cuối quý". Without "tháng nào" it may be a length.
_MONTH_OF_NUMBER = (
    f"( [ hằng ] month:tháng {_PLACE} [ later:sau ] [ trong ] [ hằng ] "
    f"( quarter:quý | own:kỳ | half:( D tháng ) ) {_AFTER} "
    "| tháng later:( sau | khi ) [ sau ] [ kết_thúc ] [ hằng ] ( quarter:quý !Q | half:( D tháng !M ) ) [ báo_cáo ] "
    "| tháng later:sau !N !khi !ngày !… [ ( tháng | kỳ | quý ) báo_cáo ] | tháng báo_cáo )"
)
_EACH = "( month:tháng | quarter:quý | year:năm | half:( D tháng ) )"
_PAPER_DATE = "ngày ( D ( / | - | . ) M ( / | - | . ) Y | [ D ] tháng [ M ] năm Y )"
_DAYS = "( ngày | ngày_làm_việc | tuần )"
_KNOWN_DAY = "[ ngày ] d:D ( / m:M / | tháng m:M năm ) y:Y"
_WITHIN = "[ trong | chậm_nhất | sau ] [ thời_hạn ]"
_ENDS = "( begin:đầu | middle:giữa | end:cuối )"
#: Which Friday: "thứ Sáu cuối cùng của tháng", "thứ Tư tuần thứ 2".
_WEEKDAY = "[ ngày ] ( thứ w:D | chủ_nhật ) [ tuần ] ( end:cuối | begin:đầu | thứ k:1-4 )"
_FIRST_DAYS = "[ trong ] n:N ( ngày | ngày_làm_việc ) đầu"
#: An event by its name, with the time that is part of the name: "hội nghị tổng kết năm 2026", "kỳ họp tháng 7".
_EVENT = "[ hằng ] [ ngày | thời_hạn ] ( … | kỳ_họp | báo_cáo | lần … ) NAME*12"
_YEAR_OF_EVENT = (
    "( [ đầu | giữa | cuối ] năm [ Y ] [ và [ đầu | giữa | cuối ] năm [ Y ] ] | Y "
    "| N tháng [ ( đầu | cuối ) năm [ Y ] ] | tháng M [ ( / | năm ) Y ] )"
)
#: Where the end of a stretch follows, whose beginning has no date: "từ khi ban hành kế hoạch đến 31/8/2026".
_TILL = "!( !( đến [ ngày ] ( D ( / | - | . | tháng ) | tháng M | quý Q | [ cuối ] năm Y ) ) )"
#: Nothing that makes the number another one: "hằng tháng trước 15", but "hằng tháng, trước 15/6", "… 15 ngày".
_ALONE = "!( / | - | – | . | : | , | và | đến ) !( tháng | giờ | phút | lần | … | N | U ) !( ngày | ngày_làm_việc )"
#: What shows that "1:15" is no hour: "Lần 1: 15/4", "Đợt 2: 15 - 20/4", "Hạn 1: 15.4.2026".
_NO_DATE = "!/ !tháng !hằng !( ( - | – | . | đến | , | và ) [ ngày ] N ( / | - | . | tháng ) )"

RULES: list[Rule[list[Piece]]] = [
    # Papers, before anything else reads their numbers
    Rule(f"[ văn_bản ] ( MÃ | số [ N | MÃ ] [ / ] ) [ , ] …*6 {_PAPER_DATE}", make.paper),
    Rule(f"( văn_bản | luật ) [ … ] {_PAPER_DATE}", make.paper),
    Rule("luật …*8 [ năm ] Y", make.paper),
    Rule("MÃ [ , | LEFT ] N ( / N / | - N - | . N . ) Y", make.paper),  # "Công văn 123/SNV (10/5/2026)"
    Rule("( !<báo_cáo văn_bản | mẫu [ số ] ) N ( / | - ) Y", make.paper),  # "Nghị quyết 02/2026"
    Rule("MÃ", make.paper),
    Rule("số ( N | Y )", make.paper),
    Rule("ngày BLANK*6 tháng BLANK*6 năm [ Y ]", make.blank),
    # The first days of a period, and the days after it
    Rule(f"{_FIRST_DAYS} tháng m:M {_YEAR}", make.first_days_of),
    Rule(f"{_FIRST_DAYS} quý q:Q {_YEAR}", make.first_days_of),
    Rule(f"{_FIRST_DAYS} year:năm ( y:Y | next:sau )", make.first_days_of),
    Rule(f"{_FIRST_DAYS} [ hằng ] {_MONTH_OF_NUMBER}", make.day_of_period),
    Rule(f"[ trong ] n:N ( ngày | ngày_làm_việc ) đầu [ hằng ] {_EACH} [ later:sau ]", make.first_days),
    Rule(f"{_WITHIN} n:N ngày ( khi | ( kể_từ | sau ) [ ngày ] ) kết_thúc [ hằng ] {_EACH} !Y !N", make.after_period),
    # So long after or before something [13]
    Rule(
        f"{_WITHIN} n:N ( ngày | ngày_làm_việc | tuần | tháng ) [ , ] ( kể_từ | từ | sau ) {_KNOWN_DAY} !DASH",
        make.counted_from,
    ),
    Rule(f"{_WITHIN} n:N ( ngày | ngày_làm_việc | tuần ) [ , ] sooner:trước {_KNOWN_DAY}", make.counted_from),
    Rule(
        f"sooner:trước {_KNOWN_DAY} [ , ] n:N ( ngày | ngày_làm_việc | tuần ) !đầu !cuối !sau !trước !kể_từ !/ !lần",
        make.counted_from,
    ),
    Rule("[ trong ] N / N ( ngày_làm_việc !đầu !cuối | ngày !N !đầu !cuối | giờ | tháng !N )", make.on_event),
    Rule("sau n:N tháng !đầu !cuối !lần !/ !N", make.offset),
    Rule(f"{_WITHIN} n:N ( giờ | phút | tháng | năm | {_DAYS} ) [ , ] ( kể_từ | khi ) ELSE*40", make.offset),
    Rule(f"{_WITHIN} n:N ( giờ | tháng | {_DAYS} ) [ , ] sooner:trước_khi ELSE*40", make.offset),
    Rule(f"{_WITHIN} n:N {_DAYS} [ , ] sooner:trước ELSE*40", make.offset),
    Rule(f"{_WITHIN} n:N {_DAYS} sau ELSE*40", make.offset),
    Rule(f"trong [ thời_hạn ] n:N ( giờ | phút | tháng | {_DAYS} ) !đầu !cuối", make.offset),
    Rule(f"sooner:trước n:N {_DAYS} ELSE*40", make.offset),
    Rule(f"sooner:trước {_EVENT} [ {_YEAR_OF_EVENT} ] n:N {_DAYS}", make.offset),
    Rule(f"!<UNIT trước {_EVENT} {_YEAR_OF_EVENT}", make.on_event),
    Rule(f"!<UNIT sau {_EVENT} [ {_YEAR_OF_EVENT} ] n:N {_DAYS}", make.offset),
    Rule(f"!<UNIT sau {_EVENT} {_YEAR_OF_EVENT}", make.on_event),
    Rule("kỳ_họp NAME*8 ( giữa | cuối ) năm [ Y ] [ và ( giữa | cuối ) năm [ Y ] ] NAME*8", make.on_event),
    Rule(f"!<UNIT !<… sau {_EVENT}", make.on_event),  # not "tài sản sau sắp xếp"
    Rule(f"( sau | chậm_nhất [ sau ] ) n:N {_DAYS}", make.offset),
    Rule("n:N ngày_làm_việc", make.offset),
    # Days
    Rule("[ ngày ] y:Y ( - m:M - | / m:M / | . m:M . ) d:D [ T ]", make.day),
    Rule("y:Y ( - | / ) m:M !/ !- !tháng !lần !quý", make.month_behind_year),
    Rule(f"[ ngày ] a:D DASH [ ngày ] d:D / m:M {_YEAR}", make.days_of_month),
    Rule(f"[ ngày ] a:D DASH [ ngày ] d:D tháng m:M !tháng !lần {_YEAR}", make.days_of_month),
    Rule(f"[ ngày ] d:D / m:M {_YEAR}", make.day),
    Rule("[ ngày ] d:D ( - m:M - | . m:M . ) y:Y", make.day),
    Rule("!<… d:D ( - m:M - | . m:M . ) yy:YY", make.day_of_short_year),
    Rule(
        f"[ ngày ] D [ , ] [ hằng ] tháng [ : | LEFT ] M ( AND tháng M | AND M !tháng !lần !/ )+ [ RIGHT ] {_YEAR}",
        make.day_of_months,
    ),
    Rule(f"( lần | kỳ ) [ thứ ] M [ , ] tháng m:M !tháng !lần {_YEAR}", make.part_of_month),  # "đợt 1 tháng 4"
    Rule(f"( lần | kỳ ) [ thứ ] M [ , ] quý [ thứ ] q:Q {_YEAR}", make.part_of_quarter),
    Rule(f"[ ngày ] d:D [ , | / | - ] named:tháng m:M !tháng !lần {_YEAR}", make.day),
    Rule(f"ngày d:D ( trong tháng | T ) m:M !tháng !lần {_YEAR}", make.day),
    Rule("ngày d:D ( - | – | . ) m:M năm y:Y", make.day),
    Rule(
        "ngày a:D DASH [ ngày ] z:D ( [ trong ] hằng tháng | tháng later:sau | tháng báo_cáo | tháng !N )",
        make.window_of_month,
    ),
    Rule("a:D ( - | – ) z:D hằng tháng", make.window_of_month),
    Rule(f"ngày d:D ( - | . ) m:M {_YEAR}", make.day),
    Rule("<BY d:D . m:M !. !/", make.day),
    Rule("ngày D ( ( , | và ) [ ngày ] D )+ hằng tháng", make.days_of_period),
    Rule("ngày D ( / | tháng | - ) N", make.no_such_day),
    Rule("N / N / Y", make.no_such_day),
    Rule(
        f"month:tháng {_PLACE} [ later:sau ] [ hằng ] {_PERIOD} {_ROUND_A_DAY} ngày d:D !/ !tháng", make.day_of_period
    ),
    Rule(f"ngày d:D ( , | LEFT ) month:tháng {_PLACE} [ later:sau ] [ hằng ] {_PERIOD} {_AFTER}", make.day_of_period),
    Rule(f"ngày d:D {_MONTH}", make.day_of_period),
    Rule("d:D [ / | trong ] hằng tháng", make.day_of_period),
    Rule(f"ngày thứ d:DD {_MONTH}", make.day_of_period),
    Rule(f"( ngày d:D | <BY d:D | d:DD ) / {_MONTH}", make.day_of_period),
    Rule(f"hằng tháng [ , | : ] ( sooner:trước | chậm_nhất ) d:D {_ALONE}", make.day_of_period),
    Rule(f"( hằng tháng [ , | : ] | tháng : ) d:DD {_ALONE}", make.day_of_period),
    Rule(f"<BY d:D {_MONTH_OF_NUMBER}", make.day_of_period),
    Rule("<BY d:DD month:tháng own:( end:cuối ) !quý !năm !N", make.day_of_period),
    Rule("ngày d:D month:tháng own:( end:cuối ) !quý !năm !kỳ !hằng !trong !sau !N", make.day_of_period),
    Rule("<trước d:DD length:tháng !N !sau !trước !khi !kể_từ !đầu !giữa !cuối", make.day_of_period),
    Rule("<BY d:DD month:tháng ( end:cuối | begin:đầu ) [ hằng ] year:năm !Y", make.day_of_period),
    Rule("d:D month:tháng ( end:cuối | begin:đầu ) [ hằng ] quarter:quý [ later:sau ]", make.day_of_period),
    Rule(f"( ngày | ngày_làm_việc ) first:đầu tháng m:M {_YEAR}", make.first_days_of),
    Rule(f"( ngày | ngày_làm_việc ) first:đầu quý q:Q {_YEAR}", make.first_days_of),
    Rule("( ngày | ngày_làm_việc ) first:đầu year:năm y:Y", make.first_days_of),
    Rule(f"( ngày | ngày_làm_việc ) first:đầu [ hằng ] {_MONTH}", make.day_of_period),
    Rule(
        "( ngày | ngày_làm_việc ) first:đầu [ hằng ] ( quarter:quý | half:( D tháng ) | year:năm ) [ later:sau ]",
        make.day_of_period,
    ),
    Rule(f"!<N ngày cuối tháng m:M {_YEAR}", make.last_day_of_month),
    Rule(f"ngày cuối tháng m:M {_YEAR}", make.part_of_month),
    Rule(f"ngày cuối quý q:Q {_YEAR}", make.part_of_quarter),
    Rule("ngày cuối năm y:Y", make.year),
    Rule(f"( ngày | ngày_làm_việc ) cuối [ hằng ] {_MONTH}", make.day_of_period),
    Rule("( ngày | ngày_làm_việc ) cuối [ hằng ] ( quarter:quý | year:năm | own:kỳ )", make.day_of_period),
    Rule("ngày d:D [ hằng ] ( quarter:quý [ later:sau ] | own:kỳ )", make.day_of_period),
    Rule("ngày d:D", make.day_alone),
    # Weekdays and clock times
    Rule(f"{_WEEKDAY} THÁNG m:M {_YEAR}", make.weekday_of_month),
    Rule(f"{_WEEKDAY} [ trong ] [ hằng ] ( month:tháng !trước | quarter:quý !Q ) !N", make.weekday_of_each),
    Rule("[ ngày ] thứ D ( ( , | và ) [ thứ ] D )+ hằng tuần", make.weekdays),
    Rule("[ ngày ] ( thứ D | chủ_nhật ) [ đầu | cuối ] tuần !N !sau !này !đầu !cuối !trước", make.weekdays),
    Rule("[ ngày ] ( thứ D | chủ_nhật )", make.weekdays),
    Rule("T M [ hằng ] tuần", make.weekdays),
    Rule("h:N : i:N : s:N", make.clock),
    Rule(f"h:N : i:N {_NO_DATE}", make.clock),
    Rule("h:N giờ [ i:N !/ !tháng !- ] [ phút ]", make.clock),
    # How often
    Rule("n:N U [ / | trong ] k:N lần", make.times),
    Rule("[ hằng ] U [ / ] k:N lần", make.times),
    Rule("k:N lần [ / | trong | hằng ] [ hằng ] [ n:N ] U !Y !N !R", make.times),
    Rule("k:N kỳ ( / | trong | hằng ) [ hằng ] U !Y !N !R", make.times),
    Rule("[ n:N ] U / lần", make.label),
    Rule("lần / [ n:N ] U", make.label),
    Rule("[ n:N ] ngày [ / ] [ N ] lần", make.every_days),
    Rule("hằng n:N U", make.label),
    Rule(f"{_ENDS} hằng ( tháng | quý | năm )", make.part_of_each),
    # Longer pieces of the year
    Rule(
        "[ hằng ] n:N tháng ( đầu | end:cuối ) năm [ y:Y | next:sau | last:trước !ngày !N | every:( hằng năm ) ]",
        make.part_of_year,
    ),
    Rule("n:N tháng ( đầu | end:cuối ) every:( hằng năm )", make.part_of_year),
    Rule("n:N tháng ( đầu | end:cuối ) ( , | và )", make.part_of_year),
    Rule(f"tuần ( begin:đầu | end:cuối | [ thứ ] week:M ) THÁNG m:M {_YEAR}", make.part_of_month),
    Rule(f"{_ENDS} THÁNG m:M {_YEAR}", make.part_of_month),
    Rule(f"{_ENDS} quý q:Q {_YEAR}", make.part_of_quarter),
    Rule(f"THÁNG M to:DASH [ THÁNG ] M {_YEAR}", make.months),
    Rule(f"THÁNG M ( AND M !tháng )+ {_YEAR}", make.months),
    Rule(f"THÁNG m:M {_YEAR}", make.months),
    Rule("m:M ( / | - ) y:Y", make.months),
    Rule(f"quý Q to:DASH Q {_YEAR}", make.quarters),
    Rule(f"quý R / R !/ {_YEAR}", make.quarters),
    Rule(f"quý Q ( AND Q !tháng )+ {_YEAR}", make.quarters),
    Rule(f"quý [ thứ ] q:Q {_YEAR}", make.quarters),
    Rule("quý [ thứ ] N ( / | - | . | năm ) Y", make.no_such_quarter),
    Rule("q:R ( / | - | . ) y:Y", make.quarter_without_noun),
    Rule(f"{_ENDS} ( tháng | quý )", make.part_of_each),
    # Years
    Rule("năm_học y:Y ( - | – ) z:Y", make.school_year),
    Rule("[ N năm ] [ giai_đoạn ] [ hằng ] [ năm ] Y DASH [ năm ] Y [ , ] [ open:trở_đi ]", make.years),
    Rule("[ giai_đoạn ] [ hằng ] [ năm ] Y ( ( , | và ) [ năm ] Y )+ [ , ] [ open:trở_đi ]", make.years),
    Rule("[ begin:đầu | middle:giữa | cuối | cả ] [ năm ] y:Y [ , ] [ open:trở_đi ]", make.year),
    Rule(
        "( begin:đầu | middle:giữa | cuối ) ( năm [ next:sau !… | last:trước !ngày !N !… ] | this:năm_nay )", make.year
    ),
    Rule("từ_nay đến [ cuối ] this:( năm !Y !N )", make.year),
    Rule("( trong năm !Y | năm này | this:năm_nay | next:( năm sau ) )", make.year),
    # Periods by their names
    Rule("hằng ( tháng | quý ) !N !R", make.label),
    Rule("hằng ( tuần | năm ) !Y", make.label),
    Rule("định_kỳ n:N U", make.label),
    Rule("whole:cả năm", make.bare_label),
    Rule("n:N ( tháng | quý | năm ) !Y", make.bare_label),
    Rule("U", make.bare_label),
    # No date of its own
    Rule("đột_xuất", make.on_event),
    Rule(f"( khi | kể_từ [ khi ] ) OPENING*8 {_TILL}", make.nothing),
    Rule("( khi | trước_khi ) ELSE*40", make.on_event),
    Rule("kể_từ ngày !D ELSE*40", make.on_event),
    Rule("kể_từ !ngày !D !Y !tháng !quý !năm ELSE*40", make.on_event),
    Rule("theo !hằng !định_kỳ !giai_đoạn !ngày !tháng !quý !năm !tuần !N PAPER*40", make.elsewhere),
    Rule("!<thực_hiện trong ngày !D !đầu !cuối !hằng !trước !này", make.on_event),
    Rule("thường_xuyên", make.always),
    Rule("kịp_thời", make.in_time),
]

TABLE = Table(RULES)

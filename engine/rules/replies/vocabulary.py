"""The phrases people use, and what each does in a reply. This table is the vocabulary; everything else is grammar."""

from __future__ import annotations

from enum import StrEnum

from engine.rules.replies.meaning import Doubt, Verb


class Role(StrEnum):
    """What a piece does in a reply."""

    COMMAND = "command"
    FINISHED = "finished"  # says by itself that work is done
    DEED = "deed"  # says so only with a past beside it: "nộp" + "rồi"
    PAST = "past"
    HEDGE = "hedge"  # takes the certainty away
    ALL = "all"
    POLITE = "polite"
    PERSON = "person"
    PLEASE = "please"
    GREET = "greet"
    THING = "thing"  # what work is about: known and harmless, but it names one
    WAY = "way"  # how and where it went: known, harmless, names nothing
    BODY = "body"  # an office or somebody else: work went to them, or they did it
    REASON = "reason"
    TO = "to"
    GIVE = "give"
    NUMBERS = "numbers"
    COUNT = "count"
    DURATION = "duration"
    DATE = "date"
    DOCUMENT = "document"
    LINK = "link"
    BREAK = "break"
    UNREAD = "unread"


COURTEOUS = frozenset({Role.POLITE, Role.PERSON, Role.GREET, Role.BREAK})
Value = Verb | Doubt | None

# A word may be typed without its marks; a hedge counts even with wrong ones. Where two rows fit, the longer phrase
# wins, then the one spelled exactly so, then a hedge, then the earlier row.
TABLE: tuple[tuple[Role, Value, str], ...] = (
    (
        Role.FINISHED,
        None,
        """
        xong | xong xuôi | đã xong | làm xong | lm xong | xg | hoàn thành | hoàn tất | done | finished | ht |
        đã báo cáo | đã ban hành | đã phát hành | complete | completed | finish | đã được hoàn thành | đã được nộp |
        đã được gửi | xử lý xong | xử lí xong | giải quyết xong | thực hiện xong | triển khai xong | mần xong |
        lm xg | làm xg | lm xog
        """,
    ),
    (Role.FINISHED, Doubt.UNCLEAR, "x"),
    (Role.FINISHED, Doubt.UNCLEAR, "hoàn tát"),  # "hoàn tất", or "hoàn tác": with a number it can only be the first
    (Role.DEED, None, "nộp | gửi | gởi | up | upload | nộp lại | gửi lại"),
    (Role.DEED, Doubt.UNCLEAR, "làm | lm | thực hiện | trả lời | xử lý | xử lí | giải quyết"),
    (Role.PAST, None, "đã | đả | rồi | r | rùi | gòi | rầu | vừa | mới | ms | hồi nãy | lúc nãy | nãy | lâu rồi"),
    (
        Role.PAST,
        None,
        "từ sáng | hồi sáng | ban sáng | lúc sáng | hồi chiều | hồi trưa | tuần trước | hôm trước | hôm nọ",
    ),
    (
        Role.COMMAND,
        Verb.DOING,
        """
        đang làm | đang xử lý | đang thực hiện | đang viết | đang soạn | đang tổng hợp | đang triển khai |
        đang tiến hành | đang hoàn thiện | đg làm | đang lm | đg lm | đang giải quyết | đang xử lí | đang chuẩn bị |
        bắt đầu làm | mới bắt đầu | đang dở | đang làm dở | doing | đang thu thập | đang rà soát | đang lấy số liệu
        """,
    ),
    (
        Role.COMMAND,
        Verb.EXTEND,
        """
        gia hạn | xin gia hạn | lùi | lùi lại | dời lại | hoãn lại | xin lùi | lùi hạn | dời | dời hạn | xin dời |
        hoãn | ra hạn | xin hoãn | kéo dài | giãn hạn | xin thêm thời gian | thêm thời gian | xin thêm hạn |
        cho gia hạn | cho lùi | cho dời | cho hoãn | gh | xin thêm | xin lùi hạn | cho lùi hạn | xin dời hạn |
        cho dời hạn | xin giãn hạn | lùi thời hạn | xin lùi thời hạn | gia hạn thời gian | xin gia hạn thời gian |
        gia hạn thêm | xin kéo dài | xin nộp muộn | xin nộp chậm | xin nộp trễ | xin được nộp muộn | khất | xin khất |
        cho khất | xin khất lại | khất lại
        """,
    ),
    (
        Role.COMMAND,
        Verb.APPROVE,
        """
        đồng ý | đồng í | đồng ý gia hạn | đồng ý cho gia hạn | đồng ý cho lùi | duyệt | duyệt gia hạn | phê duyệt |
        chấp thuận | chấp nhận | nhất trí | ok duyệt | đồng ý cho | nhất trí gia hạn | nhất trí cho gia hạn |
        nhất trí cho | chấp thuận gia hạn | chấp nhận gia hạn | đồng ý đề nghị | đồng ý với đề nghị |
        đồng ý đề nghị gia hạn | đồng ý với đề nghị gia hạn | nhất trí đề nghị | nhất trí với đề nghị |
        nhất trí đề nghị gia hạn | nhất trí với đề nghị gia hạn
        """,
    ),
    (
        Role.COMMAND,
        Verb.REFUSE,
        """
        từ chối | từ chối gia hạn | không đồng ý | không đồng ý gia hạn | không duyệt | không duyệt gia hạn |
        không chấp nhận | không chấp thuận | ko đồng ý | k đồng ý | ko duyệt | k duyệt | không nhất trí |
        không đồng ý cho gia hạn | không đồng ý cho lùi | không đồng ý đề nghị gia hạn | ko đồng ý gia hạn |
        k đồng ý gia hạn | ko duyệt gia hạn | không cho gia hạn | ko cho gia hạn | không cho lùi |
        không nhất trí gia hạn | không chấp thuận gia hạn | không đồng ý đề nghị | không đồng ý với đề nghị |
        không đồng ý với đề nghị gia hạn
        """,
    ),
    (Role.COMMAND, Verb.CONFIRM, "xác nhận | xn | confirm | xác nhận đã xong | xác nhận xong | xác nhận hoàn thành"),
    (Role.COMMAND, Verb.RETURN, "trả lại | trả về | làm lại | yêu cầu làm lại | đề nghị làm lại | trả lại làm lại"),
    (Role.COMMAND, Verb.HAND_OVER, "chuyển | chuyển giao | bàn giao | giao lại | giao | chuyển việc | giao việc"),
    (
        Role.COMMAND,
        Verb.STUCK,
        """
        vướng | bị vướng | đang vướng | đang bị vướng | vướng mắc | gặp khó | gặp khó khăn | kẹt | khó khăn |
        bị kẹt | đang kẹt | đang gặp khó | đang gặp khó khăn | có vướng mắc | khó
        """,
    ),
    (
        Role.COMMAND,
        Verb.SNOOZE,
        """
        nhắc | nhắc lại | nhắc tôi | nhắc lại tôi | để mai nhắc | hẹn nhắc | báo lại | nhắc sau
        """,
    ),
    (
        Role.COMMAND,
        Verb.DETAILS,
        """
        chi tiết | ct | xem | xem chi tiết | là gì | là việc gì | là cái gì | thông tin | detail | nội dung |
        hạn khi nào | hạn bao giờ | hạn ngày nào | hạn đến khi nào | hạn đến bao giờ | hạn đến ngày nào | hạn nộp |
        hạn cuối | hạn của | hạn việc | thời hạn | deadline | khi nào hết hạn | bao giờ hết hạn | khi nào đến hạn |
        bao giờ đến hạn | bao giờ phải nộp | khi nào phải nộp | hạn là | làm gì | là làm gì | là báo cáo gì | nói gì |
        hạn hôm nào | hạn là hôm nào | nộp khi nào | nộp bao giờ | bao giờ nộp | khi nào nộp | là cái nào |
        là việc nào | là việc j | là j | là cái j | hạn ngày mấy
        """,
    ),
    (
        Role.COMMAND,
        Verb.UNDO,
        """
        hoàn tác | undo | à nhầm | ôi nhầm | ấy nhầm | á nhầm | ơ nhầm | à em nhầm |
        lỡ tay | huỷ lệnh | huỷ vừa rồi | nhầm | bấm nhầm | gõ nhầm | nhắn nhầm | báo nhầm |
        gửi nhầm lệnh | bị nhầm | lộn | gõ lộn | lỡ bấm | lỡ gõ | lỡ nhắn | huỷ xong | bấm lộn | nhắn lộn |
        bỏ lệnh | rút lại | thu hồi lệnh | lỡ tay bấm | lỡ tay gõ | lỡ tay nhắn |
        rút lại lệnh | rút lại lệnh vừa rồi | huỷ thao tác | huỷ thao tác vừa rồi
        """,
    ),
    (
        Role.COMMAND,
        Verb.LEAVE,
        """
        nghỉ | nghĩ | nghĩ phép | xin nghĩ | nghỉ phép | xin nghỉ | xin nghỉ phép | đi công tác | nghỉ ốm |
        xin phép nghỉ | nghỉ phép năm | xin nghỉ phép năm | xin vắng | xin phép vắng |
        đang nghỉ | đang nghỉ phép | đang nghỉ ốm | đang đi công tác | bận đi công tác
        """,
    ),
    (  # idioms with a command's first word
        Role.UNREAD,
        None,
        """
        kẹt xe | khó chịu | khó tính | khó hiểu | khó thế | khó nói | khó ở | khó ngủ | khó ưa | khó coi | khó nghĩ |
        khó chịu quá | bị kẹt xe | đang kẹt xe | khó lắm | khó ghê | khó nhỉ | khó vậy
        """,
    ),
    (
        Role.HEDGE,
        Doubt.NOT_DONE,
        """
        chưa | chưa được | không | ko | k | kg | kh | khg | hok | hong | hem | khum | khom | hk | chẳng | chả | éo |
        đéo | đếch | đừng | khỏi | thôi | chx | cx chưa | chuwa | chuaw | cuhwa | cưa | chư | khoong | khoogn |
        khogn | chau | đâu | not | no | never | hết hạn | quá hạn | trễ | đang | vẫn | hoài | mãi | chậm
        """,
    ),
    (
        Role.HEDGE,
        Doubt.QUESTION,
        """
        à | ah | ak | hả | hở | hử | nhỉ | chăng | ư | sao | nào | gì | j | ai | mấy | bao nhiêu | được không |
        được ko | đc ko | dc k | được chưa | phải không | đúng không | đúng ko | đúng k | phải k |
        thế nào | bao lâu | làm sao | ra sao | vậy |
        hỏi | xin hỏi | cho hỏi | được hay chưa
        """,
    ),
    (Role.HEDGE, Doubt.ALMOST, "sắp | gần | gần như | sắp sửa | suýt | tí nữa | chút nữa | xíu nữa | lát nữa"),
    (
        Role.HEDGE,
        Doubt.PARTLY,
        """
        trình | trình ký | trình duyệt |
        một phần | một nửa | 1 phần | nửa | phần | phần trăm | còn | thiếu | trừ | ngoại trừ | tạm | cơ bản |
        tương đối | sơ bộ | nháp | dự thảo | sót | mới được | phần lớn | hầu hết | 1 nửa
        """,
    ),
    (
        Role.HEDGE,
        Doubt.LATER,
        """
        sẽ | định | dự kiến | chuẩn bị | chờ | đợi | để | sau | lát | tí | mai | kịp | hứa | hẹn | tính |
        tranh thủ | tiếp tục | trước | trong | theo kế hoạch | kế hoạch xong | kế hoạch hoàn thành
        """,
    ),
    (
        Role.HEDGE,
        Doubt.CONDITION,
        """
        nếu | khi nào | bao giờ | lúc nào | hễ | khi | thì | giả sử | miễn | lúc | hôm nào | giá mà | giá như
        """,
    ),
    (Role.HEDGE, Doubt.MUST, "phải | cần | cố | ráng | gắng | nên | hãy | đi | bắt | buộc | mau | nhanh | lẹ | kêu"),
    (Role.HEDGE, Doubt.BUT, "nhưng | nhg | mà | khó mà | khó có thể | song | tuy | tuy nhiên | sai | lỗi | hỏng"),
    (
        Role.HEDGE,
        Doubt.UNSURE,
        """
        hình như | chắc | có lẽ | tưởng | nghe nói | coi như | xem như | hy vọng | hi vọng | lẽ ra | đáng lẽ | đúng ra |
        có thể | giả vờ | bảo | nói | kêu là | cứ cho là | như | hy | mơ
        """,
    ),
    (Role.HEDGE, Doubt.JOKE, "đời | phim | nợ | chết | toi rồi | toang"),
    (Role.ALL, None, "hết | toàn bộ | cả | mọi việc | tất | sạch | all | các việc | mọi thứ | mọi"),
    (
        Role.REASON,
        None,
        """
        vì | do | bởi | bởi vì | tại | tại vì | lý do | lí do | do là | vì lý do | nguyên nhân | với lý do
        """,
    ),
    (
        Role.TO,
        None,
        "đến | tới | sang | qua | đến hết | tới hết | đến ngày | từ | đến lúc | lại | lại đến | lại sang",
    ),
    (Role.GIVE, None, "cho"),
    (
        Role.PLEASE,
        None,
        """
        xin | cho em | cho e | cho tôi | cho mình | cho xin | cho phép | đề nghị | mong | nhờ | giúp | hộ | được |
        cho phép em | thêm | muốn | giùm | dùm | phép | yêu cầu
        """,
    ),
    (
        Role.GREET,
        None,
        """
        chào | xin chào | hello | hi | alo | cảm ơn | cám ơn | thanks | thank | tks | thank you | ok | okay | okie |
        oki | okê | vâng | ừ | uh | ừm | đã rõ | rõ | đã nhận | nhận rồi | đã xem | đã biết | đã nhận được |
        biết rồi | nhận được rồi | rõ rồi | hihi | hehe | haha | kk | camon | đã tiếp nhận | tiếp nhận | yes |
        đúng | good | tốt | tuyệt | tuyệt vời | giỏi quá | cảm ơn nhiều
        """,
    ),
    (
        Role.POLITE,
        None,
        """
        ạ | ạh | dạ | dzạ | nhé | nhá | nghen | nghe | hen | nhen | ơi | đó | đấy | nè | nhoa | luôn | lun | thưa anh |
        thưa chị | thưa sếp | thưa bác | thưa cô | thưa lãnh đạo | thưa các anh | thưa đồng chí |
        thưa các đồng chí | kính gửi | kính | xin báo cáo | em báo cáo | tôi báo cáo | báo cáo là | kính báo cáo |
        và | nhiều | cuối cùng | cũng | đều | may quá | may là | bot ơi | cả nhà | các bác | các sếp | các đồng chí |
        xin thưa | kính thưa | xin lỗi | em xin lỗi | sorry | sr | nốt | cx |
        trân trọng | trân trọng báo cáo | trân trọng cảm ơn
        """,
    ),
    (Role.PAST, None, "òi | oy"),  # behind "ơi", which typed without marks looks the same
    (Role.PERSON, None, "em | e | t | tôi | tui | mình | anh | chị | bác | cô | c | chú | cháu"),
    (
        Role.WAY,
        None,
        """
        việc | công việc | nhiệm vụ | nv | vc | xuất sắc | cổng | cổng dịch vụ công | cổng thông tin |
        dịch vụ công | csdl | drive | bưu điện | văn thư | đầu việc | số | mail | email | gmail | zalo | telegram |
        fax | ioffice | eoffice | e office | egov | vnpt | trục liên thông | hệ thống | phần mềm |
        link | tại link | kèm | đính kèm | kèm theo |
        bằng | lên | về | trên | ở | vào | của | theo chỉ đạo | theo yêu cầu | theo quy định | theo mẫu |
        theo hướng dẫn | trước hạn | trước thời hạn | đúng thời gian |
        đúng thời gian quy định | đúng tiến độ | đúng thời hạn |
        lên tỉnh | về tỉnh | ra tỉnh | gửi tỉnh | nộp tỉnh | đúng hạn | đầy đủ | cho huyện |
        cho tỉnh | cho phòng | cho sở | cho ubnd | cho văn phòng | cho cấp trên | cho xã
        """,
    ),
    (
        Role.BODY,
        None,
        """
        huyện | tỉnh | xã | phường | phòng | sở | ban | ubnd | hđnd | uỷ ban | văn phòng | vp | cấp trên | tư pháp |
        địa chính | công an | quân sự | kế toán | nội vụ | tài chính | mttq | đoàn | hội | đảng uỷ | thanh tra |
        lãnh đạo | anh chị | các anh | các chị | mọi người | sếp | thầy | bot | admin
        """,
    ),
    (
        Role.THING,
        None,
        """
        báo cáo | bc | văn bản | vb | công văn | cv | kế hoạch | kh số | tờ trình | quyết định | thông báo |
        số liệu | biểu | biểu mẫu | mẫu | thống kê | hồ sơ | file | bản giấy | bản mềm | bản cứng | tài liệu |
        danh sách | kết quả | phiếu | bảng | sổ | hộ tịch | môi trường | nông nghiệp | y tế | giáo dục | văn hoá |
        xã hội | kinh tế | hộ nghèo | cận nghèo | hộ cận nghèo | trẻ em | dân số | người có công | bảo trợ xã hội |
        cải cách hành chính | cchc | chuyển đổi số | cđs | an ninh | trật tự | tôn giáo | dân tộc | tiếp dân |
        tiếp công dân | đơn thư | thu chi | ngân sách | giải ngân | dịch bệnh | nông thôn mới | ntm | định kỳ |
        tuần | tháng | quý | năm | tổng kết | sơ kết | phòng chống | khiếu nại | tố cáo | tiêm chủng | phòng cháy |
        pccc | thuỷ lợi | đất đai | xây dựng | giao thông | du lịch | hành chính | thủ tục | một cửa
        """,
    ),
)

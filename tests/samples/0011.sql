BEGIN TRANSACTION;
CREATE TABLE access_key (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER NOT NULL, 
	unit_id INTEGER, 
	opens VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	key_hash VARCHAR NOT NULL, 
	read_only BOOLEAN NOT NULL, 
	made_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	used_at DATETIME, 
	revoked_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id), 
	FOREIGN KEY(unit_id) REFERENCES unit (id), 
	UNIQUE (key_hash)
);
INSERT INTO "access_key" VALUES(1,'xa-a',7,NULL,'calendar','lịch của tôi','4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b',1,'2026-03-16 01:02:03.456789',NULL,NULL,NULL);
INSERT INTO "access_key" VALUES(2,'xa-a',7,1,'calendar','lịch của tôi','7878787878787878787878787878787878787878787878787878787878787878',1,'2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0011');
CREATE TABLE "chat" (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER, 
	channel VARCHAR NOT NULL, 
	bot VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	linked_at DATETIME, 
	blocked_at DATETIME, 
	blocked_why VARCHAR, 
	unit_id INTEGER, 
	rank INTEGER DEFAULT '0' NOT NULL, 
	failing_since DATETIME, 
	failing_why VARCHAR, 
	PRIMARY KEY (id), 
	CONSTRAINT chat_address UNIQUE (channel, bot, address), 
	CONSTRAINT fk_chat_unit FOREIGN KEY(unit_id) REFERENCES unit (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "chat" VALUES(1,'xa-a',7,'zalo','b','1',NULL,NULL,NULL,NULL,1,NULL,NULL);
INSERT INTO "chat" VALUES(2,'xa-a',7,'zalo','b','2','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--',1,1,'2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--');
CREATE TABLE evidence (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	occurrence_id INTEGER NOT NULL, 
	person_id INTEGER, 
	inbound_id INTEGER, 
	given_at DATETIME NOT NULL, 
	kind VARCHAR NOT NULL, 
	text VARCHAR, 
	dated DATE, 
	name VARCHAR, 
	mime VARCHAR, 
	size INTEGER, 
	sha256 VARCHAR, 
	channel VARCHAR, 
	bot VARCHAR, 
	reference VARCHAR, 
	status VARCHAR NOT NULL, 
	reason VARCHAR, 
	attempts INTEGER NOT NULL, 
	fetch_after DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(occurrence_id) REFERENCES occurrence (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "evidence" VALUES(1,'xa-a',9,NULL,NULL,'2026-03-16 01:02:03.456789','document',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'kept',NULL,0,NULL);
INSERT INTO "evidence" VALUES(2,'xa-a',9,7,1,'2026-03-16 01:02:03.456789','photo','“ê” ''x'' %s \ 
;--','2026-03-25','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--',1,'abababababababababababababababababababababababababababababababab','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','kept','“ê” ''x'' %s \ 
;--',0,'2026-03-16 01:02:03.456789');
CREATE TABLE extension (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	occurrence_id INTEGER NOT NULL, 
	asked_by INTEGER NOT NULL, 
	asked_at DATETIME NOT NULL, 
	until DATE NOT NULL, 
	reason VARCHAR NOT NULL, 
	was DATE NOT NULL, 
	status VARCHAR NOT NULL, 
	decided_by INTEGER, 
	decided_at DATETIME, 
	decision_reason VARCHAR, 
	PRIMARY KEY (id), 
	FOREIGN KEY(occurrence_id) REFERENCES occurrence (id), 
	FOREIGN KEY(office_id) REFERENCES office (id)
);
INSERT INTO "extension" VALUES(1,'xa-a',9,7,'2026-03-16 01:02:03.456789','2026-03-25','chờ số liệu','2026-03-25','waiting',NULL,NULL,NULL);
INSERT INTO "extension" VALUES(2,'xa-a',9,7,'2026-03-16 01:02:03.456789','2026-03-25','chờ số liệu','2026-03-25','waiting',1,'2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--');
CREATE TABLE handle (
	id INTEGER NOT NULL, 
	person_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	occurrence_id INTEGER NOT NULL, 
	given_at DATETIME NOT NULL, 
	released_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(occurrence_id) REFERENCES occurrence (id), 
	FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT handle_once UNIQUE (person_id, occurrence_id)
);
INSERT INTO "handle" VALUES(1,7,3,9,'2026-03-16 01:02:03.456789',NULL);
INSERT INTO "handle" VALUES(2,7,3,10,'2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789');
CREATE TABLE inbound (
	id INTEGER NOT NULL, 
	channel VARCHAR NOT NULL, 
	bot VARCHAR NOT NULL, 
	update_key VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	about INTEGER, 
	raw TEXT NOT NULL, 
	received_at DATETIME NOT NULL, 
	person_id INTEGER, 
	handled_at DATETIME, 
	said VARCHAR, 
	undo JSON, 
	undone_at DATETIME, sender VARCHAR, about_version INTEGER, about_person INTEGER, pressed VARCHAR, attachments JSON, unreadable VARCHAR, asked JSON, 
	PRIMARY KEY (id), 
	CONSTRAINT inbound_once UNIQUE (channel, bot, update_key)
);
INSERT INTO "inbound" VALUES(1,'zalo','b','k','1','xong 3',NULL,'{}','2026-03-16 01:02:03.456789',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "inbound" VALUES(2,'zalo','b','k-2','1','xong 3',1,'{}','2026-03-16 01:02:03.456789',1,'2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--',1,1,'“ê” ''x'' %s \ 
;--','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','“ê” ''x'' %s \ 
;--','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}');
CREATE TABLE journal (
	office_id VARCHAR NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	occurrence_id INTEGER, 
	data TEXT NOT NULL, 
	previous VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (office_id, seq), 
	FOREIGN KEY(office_id) REFERENCES office (id)
);
INSERT INTO "journal" VALUES('xa-a',1,'2026-03-16 01:02:03.456789','engine','opened',9,'{"n":0,"vì":"hạn"}','0000000000000000000000000000000000000000000000000000000000000000','a324669c8f0b0de8f0dc4b6545e54533167b4348fc72bae885f84747126d42c4');
INSERT INTO "journal" VALUES('xa-a',2,'2026-03-16 02:02:03.456789','engine','opened',9,'{"n":1,"vì":"hạn"}','a324669c8f0b0de8f0dc4b6545e54533167b4348fc72bae885f84747126d42c4','effa8dc99b51975f140ad836abef7c4c47d79d6021499c6c808afd806cca7817');
INSERT INTO "journal" VALUES('xa-a',3,'2026-03-16 03:02:03.456789','engine','opened',9,'{"n":2,"vì":"hạn"}','effa8dc99b51975f140ad836abef7c4c47d79d6021499c6c808afd806cca7817','8a142c7a7d067ceedca25d5caa939eae0e2692a46d263dfc45ff33291022ffc9');
CREATE TABLE lane (
	channel VARCHAR NOT NULL, 
	bot VARCHAR NOT NULL, 
	served_at DATETIME NOT NULL, 
	paused_until DATETIME, 
	last_sent_at DATETIME, 
	last_sent_by VARCHAR, 
	PRIMARY KEY (channel, bot)
);
INSERT INTO "lane" VALUES('zalo','b','2026-03-16 01:02:03.456789',NULL,NULL,NULL);
INSERT INTO "lane" VALUES('zalo','b-2','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--');
CREATE TABLE link_code (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER, 
	unit_id INTEGER, 
	code_hash VARCHAR NOT NULL, 
	issued_at DATETIME NOT NULL, 
	issued_by VARCHAR NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	withdrawn_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id), 
	FOREIGN KEY(unit_id) REFERENCES unit (id)
);
INSERT INTO "link_code" VALUES(1,'xa-a',7,NULL,'0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','2026-03-16 01:02:03.456789','văn thư','2026-03-23 01:02:03.456789',NULL,NULL);
INSERT INTO "link_code" VALUES(2,'xa-a',7,1,'0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','2026-03-16 01:02:03.456789','văn thư','2026-03-23 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789');
CREATE TABLE login_link (
	token_hash VARCHAR NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER NOT NULL, 
	issued_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	PRIMARY KEY (token_hash), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "login_link" VALUES('1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e','xa-a',7,'2026-03-16 01:02:03.456789','2026-03-16 01:12:03.456789',NULL);
INSERT INTO "login_link" VALUES('5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a','xa-a',7,'2026-03-16 01:02:03.456789','2026-03-16 01:12:03.456789','2026-03-16 01:02:03.456789');
CREATE TABLE "message" (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	slot VARCHAR, 
	urgent BOOLEAN NOT NULL, 
	payload JSON, 
	status VARCHAR NOT NULL, 
	not_before DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	copies INTEGER NOT NULL, 
	claim VARCHAR, 
	claimed_at DATETIME, 
	sent_at DATETIME, 
	channel VARCHAR, 
	bot VARCHAR, 
	address VARCHAR, 
	provider_id VARCHAR, 
	text TEXT, 
	error VARCHAR, 
	editable BOOLEAN DEFAULT 0 NOT NULL, 
	avoid JSON, begun BOOLEAN, 
	PRIMARY KEY (id), 
	CONSTRAINT message_once UNIQUE (person_id, "key"), 
	CONSTRAINT message_slot_once UNIQUE (person_id, slot), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "message" VALUES(5,'xa-a',7,'reminder','remind:2026-03-16/am','2026-03-16/am',1,NULL,'queued','2026-03-16 01:02:03.456789',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "message" VALUES(6,'xa-a',7,'reminder','digest:2026-W11','2026-03-16/pm',1,'{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','queued','2026-03-16 01:02:03.456789',0,0,'“ê” ''x'' %s \ 
;--','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--',1,'{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}',1);
CREATE TABLE obligation (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	slug VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	rule JSON, 
	ladder VARCHAR NOT NULL, 
	confirm VARCHAR NOT NULL, 
	product VARCHAR, 
	secret BOOLEAN NOT NULL, 
	active BOOLEAN NOT NULL, 
	planned_until DATE NOT NULL, evidence VARCHAR DEFAULT 'none' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	CONSTRAINT obligation_slug UNIQUE (office_id, slug)
);
INSERT INTO "obligation" VALUES(3,'xa-a','o','Báo cáo','{"kind": "monthly"}','a','none',NULL,0,1,'2026-03-25','none');
INSERT INTO "obligation" VALUES(4,'xa-a','o-2','Báo cáo','{"kind": "monthly"}','a','none','“ê” ''x'' %s \ 
;--',0,1,'2026-03-25','“ê” ''x'' %s \ 
;--');
CREATE TABLE occurrence (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	obligation_id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	period_key VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	data_from DATE, 
	cutoff DATE, 
	nominal_due DATE NOT NULL, 
	due DATE NOT NULL, 
	internal_due DATE NOT NULL, 
	first_internal_due DATE NOT NULL, 
	due_time VARCHAR, 
	reasons JSON, 
	work_state VARCHAR NOT NULL, 
	doer_id INTEGER, 
	chain JSON, 
	opened_at DATETIME, 
	reported_at DATETIME, 
	reported_by INTEGER, 
	closed_at DATETIME, 
	revision INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	last_rung_at DATETIME, 
	pulled_forward BOOLEAN NOT NULL, 
	next_move_at DATETIME, difficulty VARCHAR, snoozed_until DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(doer_id) REFERENCES person (id), 
	FOREIGN KEY(obligation_id) REFERENCES obligation (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(unit_id) REFERENCES unit (id), 
	CONSTRAINT occurrence_once UNIQUE (obligation_id, period_key, unit_id)
);
INSERT INTO "occurrence" VALUES(9,'xa-a',3,1,'2026-03','Báo cáo tháng 3/2026',NULL,NULL,'2026-03-25','2026-03-25','2026-03-25','2026-03-25',NULL,NULL,'new',7,NULL,NULL,NULL,NULL,NULL,1,1,NULL,0,'2026-03-16 01:02:03.456789',NULL,NULL);
INSERT INTO "occurrence" VALUES(10,'xa-a',3,1,'2026-04','Báo cáo tháng 3/2026','2026-03-25','2026-03-25','2026-03-25','2026-03-25','2026-03-25','2026-03-25','“ê” ''x'' %s \ 
;--','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','new',7,'{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789',1,'2026-03-16 01:02:03.456789',1,1,'2026-03-16 01:02:03.456789',0,'2026-03-16 01:02:03.456789','“ê” ''x'' %s \ 
;--','2026-03-16 01:02:03.456789');
CREATE TABLE office (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	definition JSON, 
	"plan" JSON, 
	ladders JSON, 
	loaded_on DATE NOT NULL, 
	next_digest_at DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "office" VALUES('xa-a','UBND xã “A” — ''thử''','Asia/Ho_Chi_Minh','{"morning": ["07:30", "11:30"], "t\u00ean": "\u00ea\u0000%s"}','{"title": "K\u1ebf ho\u1ea1ch"}','{"a": []}','2026-03-25','2026-03-16 01:02:03.456789');
INSERT INTO "office" VALUES('xa-b','UBND xã “A” — ''thử''','Asia/Ho_Chi_Minh','{"morning": ["07:30", "11:30"], "t\u00ean": "\u00ea\u0000%s"}','{"title": "K\u1ebf ho\u1ea1ch"}','{"a": []}','2026-03-25','2026-03-16 01:02:03.456789');
CREATE TABLE "person" (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	slug VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	unit_id INTEGER NOT NULL, 
	role VARCHAR NOT NULL, 
	standing BOOLEAN NOT NULL, 
	in_charge_of JSON, 
	active BOOLEAN NOT NULL, 
	viewer BOOLEAN DEFAULT 0 NOT NULL, 
	phone VARCHAR, 
	origin VARCHAR DEFAULT 'file' NOT NULL, 
	left_on DATE, 
	PRIMARY KEY (id), 
	CONSTRAINT person_slug UNIQUE (office_id, slug), 
	FOREIGN KEY(unit_id) REFERENCES unit (id), 
	FOREIGN KEY(office_id) REFERENCES office (id)
);
INSERT INTO "person" VALUES(7,'xa-a','p','Người',1,'officer',0,'[]',1,0,NULL,'file',NULL);
INSERT INTO "person" VALUES(8,'xa-a','p-2','Người',1,'officer',0,'[]',1,1,'“ê” ''x'' %s \ 
;--','“ê” ''x'' %s \ 
;--','2026-03-25');
CREATE TABLE plan_draft (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	made_by VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	busy_since DATETIME, 
	progress INTEGER NOT NULL, 
	failed VARCHAR, 
	found JSON, 
	decided JSON, 
	replaces BOOLEAN NOT NULL, 
	year JSON, 
	loaded_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id)
);
INSERT INTO "plan_draft" VALUES(1,'xa-a','kế hoạch “2026”.docx','2026-03-16 01:02:03.456789','p',1,NULL,0,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "plan_draft" VALUES(2,'xa-a','kế hoạch “2026”.docx','2026-03-16 01:02:03.456789','p',1,'2026-03-16 01:02:03.456789',0,'“ê” ''x'' %s \ 
;--','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}',0,'{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','2026-03-16 01:02:03.456789');
CREATE TABLE poll_offset (
	channel VARCHAR NOT NULL, 
	bot VARCHAR NOT NULL, 
	next_update INTEGER NOT NULL, 
	PRIMARY KEY (channel, bot)
);
INSERT INTO "poll_offset" VALUES('zalo','b',12);
INSERT INTO "poll_offset" VALUES('zalo','b-2',12);
CREATE TABLE reminder (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	occurrence_id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	rung VARCHAR NOT NULL, 
	person_id INTEGER NOT NULL, 
	says VARCHAR NOT NULL, 
	scheduled_at DATETIME NOT NULL, 
	status VARCHAR NOT NULL, 
	reason VARCHAR, 
	message_id INTEGER, 
	on_behalf_of INTEGER, 
	detail JSON, 
	PRIMARY KEY (id), 
	FOREIGN KEY(occurrence_id) REFERENCES occurrence (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT reminder_once UNIQUE (occurrence_id, revision, rung, person_id)
);
INSERT INTO "reminder" VALUES(2,'xa-a',9,1,'-3',7,'soon','2026-03-16 01:02:03.456789','in_message',NULL,5,NULL,NULL);
INSERT INTO "reminder" VALUES(3,'xa-a',9,1,'0',7,'soon','2026-03-16 01:02:03.456789','in_message','“ê” ''x'' %s \ 
;--',5,1,'{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}');
CREATE TABLE setback (
	kind VARCHAR NOT NULL, 
	row_id INTEGER NOT NULL, 
	office_id VARCHAR, 
	times INTEGER NOT NULL, 
	first_at DATETIME NOT NULL, 
	last_at DATETIME NOT NULL, 
	try_after DATETIME NOT NULL, 
	why VARCHAR NOT NULL, 
	PRIMARY KEY (kind, row_id), 
	FOREIGN KEY(office_id) REFERENCES office (id)
);
INSERT INTO "setback" VALUES('message',5,NULL,3,'2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 03:02:03.456789','ValueError');
INSERT INTO "setback" VALUES('message',6,'xa-a',3,'2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 03:02:03.456789','ValueError');
CREATE TABLE setting (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	changed_at DATETIME NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "setting" VALUES('muted','phục hồi từ bản sao lưu','2026-03-16 01:02:03.456789');
INSERT INTO "setting" VALUES('khác','phục hồi từ bản sao lưu','2026-03-16 01:02:03.456789');
CREATE TABLE standin (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER NOT NULL, 
	substitute_id INTEGER NOT NULL, 
	first_day DATE NOT NULL, 
	last_day DATE NOT NULL, 
	decision VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id), 
	FOREIGN KEY(substitute_id) REFERENCES person (id)
);
INSERT INTO "standin" VALUES(1,'xa-a',7,7,'2026-03-25','2026-03-25','1/QĐ');
INSERT INTO "standin" VALUES(2,'xa-a',7,7,'2026-03-25','2026-03-25','1/QĐ');
CREATE TABLE unit (
	id INTEGER NOT NULL, 
	office_id VARCHAR NOT NULL, 
	slug VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	aliases JSON, 
	escalates_to VARCHAR, 
	active BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	CONSTRAINT unit_slug UNIQUE (office_id, slug)
);
INSERT INTO "unit" VALUES(1,'xa-a','u','Đơn vị','unit',NULL,NULL,1);
INSERT INTO "unit" VALUES(2,'xa-a','u-2','Đơn vị','unit','{"ch\u1eef": ["\u00ea\u0000%s", null, 1.5]}','“ê” ''x'' %s \ 
;--',1);
CREATE TABLE usage (
	channel VARCHAR NOT NULL, 
	bot VARCHAR NOT NULL, 
	month VARCHAR NOT NULL, 
	sent INTEGER NOT NULL, 
	PRIMARY KEY (channel, bot, month)
);
INSERT INTO "usage" VALUES('zalo','b','2026-03',2999);
INSERT INTO "usage" VALUES('zalo','b','2026-04',2999);
CREATE TABLE web_session (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	office_id VARCHAR NOT NULL, 
	person_id INTEGER NOT NULL, 
	csrf VARCHAR NOT NULL, 
	begun_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(office_id) REFERENCES office (id), 
	FOREIGN KEY(person_id) REFERENCES person (id), 
	UNIQUE (token_hash)
);
INSERT INTO "web_session" VALUES(1,'2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d','xa-a',7,'3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789',NULL);
INSERT INTO "web_session" VALUES(2,'6969696969696969696969696969696969696969696969696969696969696969','xa-a',7,'3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789','2026-03-16 01:02:03.456789');
CREATE INDEX inbound_person ON inbound (person_id, id);
CREATE INDEX inbound_unhandled ON inbound (id) WHERE handled_at IS NULL;
CREATE INDEX office_next_digest ON office (next_digest_at);
CREATE INDEX journal_occurrence ON journal (occurrence_id);
CREATE INDEX obligation_to_plan ON obligation (planned_until) WHERE active = 1;
CREATE INDEX occurrence_alarm ON occurrence (next_move_at) WHERE next_move_at IS NOT NULL;
CREATE INDEX occurrence_office_alarm ON occurrence (office_id, next_move_at) WHERE next_move_at IS NOT NULL;
CREATE INDEX occurrence_doer ON occurrence (doer_id, work_state);
CREATE INDEX occurrence_office_closed ON occurrence (office_id, closed_at);
CREATE INDEX occurrence_office_due ON occurrence (office_id, due);
CREATE INDEX stand_in_days ON standin (office_id, last_day);
CREATE INDEX extension_occurrence ON extension (occurrence_id);
CREATE INDEX extension_office_decided ON extension (office_id, decided_at);
CREATE INDEX handle_number ON handle (person_id, number);
CREATE INDEX handle_occurrence ON handle (occurrence_id);
CREATE INDEX reminder_message ON reminder (message_id);
CREATE INDEX reminder_pending ON reminder (office_id, person_id) WHERE status = 'pending';
CREATE INDEX link_code_live ON link_code (expires_at) WHERE used_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX evidence_occurrence ON evidence (occurrence_id);
CREATE INDEX evidence_to_fetch ON evidence (fetch_after) WHERE status = 'to_fetch';
CREATE INDEX chat_person ON chat (person_id);
CREATE INDEX chat_unit ON chat (unit_id);
CREATE INDEX inbound_address ON inbound (channel, bot, address, id);
CREATE INDEX message_person_sent ON message (person_id, sent_at);
CREATE INDEX message_queue ON message (not_before, id) WHERE status = 'queued';
CREATE INDEX message_claimed ON message (claimed_at) WHERE status = 'claimed';
CREATE INDEX message_lane ON message (channel, bot, not_before, id) WHERE status = 'queued' AND channel IS NOT NULL;
CREATE INDEX message_laneless ON message (not_before, id) WHERE id IS NULL;
CREATE INDEX login_link_person ON login_link (person_id, expires_at);
CREATE INDEX plan_draft_office ON plan_draft (office_id);
CREATE INDEX access_key_person ON access_key (person_id);
CREATE INDEX message_answers ON message (kind, not_before, id) WHERE status = 'queued' AND kind = 'answer';
CREATE INDEX handle_in_use ON handle (person_id, released_at);
CREATE INDEX chat_office ON chat (office_id);
CREATE INDEX message_lane_due ON message (channel, bot, not_before) WHERE id IS NULL;
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
COMMIT;

-- Every table carries the tenant first, in its key and under forced row-level security: a query that forgets the tenant
-- sees nothing. The runtime role (placeholder "role") owns nothing and may not switch this off.
--
-- The tables that every message writes to leave two foreign keys out, which would cost a third of the whole work: their
-- tenant (whoever changes anything moves the tenant's change_head, which has the key), and the customer of customer_key (an index that the
-- store derives from the customer in the same statement batch). They have as few indexes as will do, and keep documents as json and not as jsonb: nothing looks into a document here, and what the database has to
-- find or to hold true of it stands in columns beside it.
--
-- Writers of golden records, links and invoices take turns (change_head), so the numbers of "change" rise in commit order,
-- per tenant.

create table tenant (
  tenant int primary key,
  name text not null
);
insert into tenant values (1, 'default');

-- What a value has to look like is said by its type: a check of a table is read anew by every statement, a domain's is not.
create domain document as json check (json_typeof(value) = 'object');
create domain record_version as bigint check (value > 0);
create domain event_id as text check (length(value) between 1 and 500);
create domain external_id as text check (length(value) between 1 and 300);
create domain order_number as text check (length(value) between 1 and 100);
create domain language_tag as text check (value ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'); -- BCP 47
create domain currency_code as text check (value ~ '^[A-Z]{3}$'); -- ISO 4217
create domain protocol as text check (value in ('soap', 'rest', 'webhook', 'poll', 'queue', 'file', 'mail'));
create domain outcome as text check (value in ('APPLIED', 'UNCHANGED', 'STALE', 'IGNORED', 'PARKED', 'REJECTED', 'CONFLICT',
  'NOT_FOUND', 'WAITING', 'DISCARDED'));
create domain customer_kind as text check (value in ('person', 'organization'));
create domain customer_status as text check (value in ('prospect', 'active', 'inactive'));
create domain lane_state as text check (value in ('SYNCED', 'BEHIND', 'PARKED', 'GONE'));
create domain delivery_outcome as text check (value in ('DONE', 'NOTHING_TO_SEND', 'RETRY', 'PARKED', 'UNKNOWN'));

-- The journal: every message as received. (tenant, spoke, event) is the idempotency key, the outcome the reply to a retry. A
-- sender that names no event repeats none.
create table message (
  tenant int not null,
  id uuid not null,
  spoke text not null,
  entity text not null,
  event event_id,
  protocol protocol not null,
  content_type text,
  received bytea not null,
  received_hash bytea not null,
  received_at timestamptz not null,
  mapping text,
  traceparent text,
  state outcome not null,
  entity_id uuid,
  version bigint,
  refusal json,
  -- what the planner made of it: how the record was recognised and what it changed
  finding json not null,
  primary key (tenant, id)
);
create unique index on message (tenant, spoke, event) where event is not null;
create index on message (tenant, state, id) where state in ('PARKED', 'REJECTED');

create table customer (
  tenant int not null,
  id uuid not null,
  version record_version not null,
  kind customer_kind not null,
  status customer_status,
  language language_tag,
  currency currency_code,
  member_of uuid,
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, id),
  foreign key (tenant, member_of) references customer (tenant, id)
);
create index on customer (tenant, member_of) where member_of is not null;

-- By what a customer is found. The first letter says what it is: e-mail, phone, official (i)dentifier or (b)lock of alike
-- sounding names in one house, each as a hash; and (w)ords of the name, each followed by the others, so that one search
-- answers for several.
create table customer_key (
  tenant int not null,
  key text collate "C" not null,
  customer uuid not null,
  primary key (tenant, key, customer)
);

create table sales_order (
  tenant int not null references tenant,
  id uuid not null,
  version record_version not null,
  number order_number not null,
  customer uuid,
  status text check (status in ('open', 'cancelled', 'completed')),
  payment_status text check (payment_status in ('unpaid', 'paid', 'refunded')),
  currency currency_code,
  total numeric(20, 6),
  placed_at timestamptz,
  paid_at timestamptz,
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, id),
  unique (tenant, number),
  foreign key (tenant, customer) references customer (tenant, id)
);
create index on sales_order (tenant, customer);

create table order_line (
  tenant int not null,
  sales_order uuid not null,
  line int not null check (line > 0),
  sku text,
  description text,
  quantity numeric(20, 6),
  unit_price numeric(20, 6),
  tax_rate numeric(20, 6),
  amount numeric(20, 6),
  primary key (tenant, sales_order, line),
  foreign key (tenant, sales_order) references sales_order (tenant, id) on delete cascade
);

-- The ledger: one invoice for a sale, ever. The key of (tenant, sales_order) is the promise; state is how far we got.
create table invoice (
  tenant int not null references tenant,
  id uuid not null,
  version record_version not null,
  sales_order uuid not null,
  customer uuid not null,
  reference text not null,
  number text,
  status text not null check (status in ('requested', 'issued', 'paid', 'rejected', 'void', 'credited')),
  currency currency_code not null,
  total numeric(20, 6) not null,
  paid_amount numeric(20, 6) not null default 0 check (paid_amount >= 0),
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- the lane
  spoke text,
  state text not null check (state in ('PENDING', 'SENDING', 'DONE', 'REJECTED', 'UNKNOWN', 'PARKED', 'WITHDRAWN')),
  idempotency_key uuid not null,
  external_id text,
  attempts int not null default 0,
  next_try_at timestamptz not null,
  lease_until timestamptz,
  fence bigint not null default 0,
  sent_at timestamptz,
  -- since when the accounting system may know the key
  key_since timestamptz,
  problem text,
  primary key (tenant, id),
  unique (tenant, sales_order),
  unique (tenant, reference),
  foreign key (tenant, sales_order) references sales_order (tenant, id),
  foreign key (tenant, customer) references customer (tenant, id),
  check (state <> 'DONE' or number is not null)
);
create unique index on invoice (tenant, number) where number is not null;
create index on invoice (tenant, customer);
create index on invoice (tenant, next_try_at) where state in ('PENDING', 'SENDING', 'UNKNOWN');

create table payment (
  tenant int not null references tenant,
  id uuid not null,
  version record_version not null,
  invoice uuid,
  sales_order uuid,
  amount numeric(20, 6) not null,
  currency currency_code not null,
  paid_at timestamptz,
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, id),
  foreign key (tenant, invoice) references invoice (tenant, id),
  foreign key (tenant, sales_order) references sales_order (tenant, id)
);
create index on payment (tenant, invoice);
create index on payment (tenant, sales_order);

create table opportunity (
  tenant int not null references tenant,
  id uuid not null,
  version record_version not null,
  customer uuid,
  stage text,
  amount numeric(20, 6),
  currency currency_code,
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, id),
  foreign key (tenant, customer) references customer (tenant, id)
);
create index on opportunity (tenant, customer);

create table interaction (
  tenant int not null references tenant,
  id uuid not null,
  version record_version not null,
  customer uuid,
  kind text not null check (kind in ('email', 'lead', 'call', 'note')),
  direction text check (direction in ('in', 'out')),
  happened_at timestamptz,
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, id),
  foreign key (tenant, customer) references customer (tenant, id)
);
create index on interaction (tenant, customer, happened_at);

-- What a spoke holds of an entity, and how far behind it is. One row is one lane: at most one delivery at a time.
-- entity_id points into the table that "entity" names, which a foreign key cannot say. A lane is claimed without touching a
-- column that an index knows, so that the new version finds room on its own page.
create table link (
  tenant int not null,
  id bigint generated always as identity,
  spoke text not null,
  entity text not null,
  external_id external_id,
  entity_id uuid not null,
  -- under which id the spoke was told to make it and has not answered, where a merge has changed that since
  said_as uuid,
  base json,
  ours json,
  -- fields that were written and of which the spoke's own word is still to come; see io.serai.crm.plan.Unheard
  unheard json,
  revision text,
  wanted bigint not null,
  synced bigint not null default 0,
  -- whether it was claimed to be written and nobody knows yet whether that arrived
  unanswered boolean not null default false,
  -- whether it was found in the spoke and what it holds has still to be taken in, before anything is written over it
  unread boolean not null default false,
  state lane_state not null,
  behind_since timestamptz,
  attempts int not null default 0,
  next_try_at timestamptz not null,
  lease_until timestamptz,
  fence bigint not null default 0,
  -- the pace of one record, as one moment that every claim moves on; see io.serai.crm.Lanes
  busy_until timestamptz not null default '-infinity',
  problem text,
  synced_at timestamptz,
  -- how often people had the record made again after the spoke had deleted it
  remade int not null default 0,
  primary key (tenant, entity_id, spoke, id)
) with (fillfactor = 80);
create unique index on link (tenant, spoke, entity, external_id) where external_id is not null;
create index on link (tenant, spoke, entity, next_try_at) where state = 'BEHIND';
create index on link (tenant, spoke, entity) where state = 'PARKED';

-- Who changed what, numbered without a gap and chained: hash = sha256(previous hash, the entry without its fields). It is the
-- audit trail, and the log that others follow.
create table change (
  tenant int not null,
  sequence bigint not null,
  entity text not null,
  entity_id uuid not null,
  version bigint not null,
  fields json not null,
  spoke text not null,
  message uuid,
  reason text not null,
  at timestamptz not null,
  hash bytea not null,
  primary key (tenant, sequence),
  unique (tenant, entity_id, version)
);
-- Who writes golden records, links or invoices locks this row until the commit: one writer at a time. It counts their turns,
-- and holds the last link of the chain.
create table change_head (
  tenant int primary key references tenant,
  turn bigint not null,
  sequence bigint not null,
  hash bytea not null
) with (fillfactor = 20);

-- Every attempt to write to a spoke, with what came of it.
create table delivery (
  tenant int not null,
  id bigint generated always as identity,
  spoke text not null,
  entity text not null,
  entity_id uuid not null,
  version bigint not null,
  operation text not null,
  fields json not null,
  outcome delivery_outcome not null,
  problem text,
  attempt int not null,
  millis int not null,
  at timestamptz not null,
  primary key (tenant, entity_id, id)
);
-- When a spoke was last told something, however much was tried since.
create table told (
  tenant int not null references tenant,
  spoke text not null,
  entity text not null,
  at timestamptz not null,
  primary key (tenant, spoke, entity)
);

create table parked (
  tenant int not null references tenant,
  id uuid not null,
  kind text not null check (kind in ('POISON', 'INVALID', 'CONFLICT', 'POSSIBLE_DUPLICATE', 'UNKNOWN_OUTCOME',
    'FROZEN_FIELD', 'DELIVERY', 'SUBSCRIBER')),
  -- what is one and the same open question; what has one and the same reason
  subject text not null,
  cause text not null,
  spoke text not null,
  entity text not null,
  entity_id uuid,
  message uuid,
  step text,
  field text,
  problem text not null,
  detail json not null,
  at timestamptz not null,
  resolved_at timestamptz,
  primary key (tenant, id)
);
create unique index on parked (tenant, subject) where resolved_at is null;
create index on parked (tenant, cause) where resolved_at is null;
create index on parked (tenant, id) where resolved_at is null;
create index on parked (tenant, kind, id) where resolved_at is null;
-- Two customers that a person has told apart are not brought up again.
create index on parked (tenant, subject) where kind = 'POSSIBLE_DUPLICATE';

-- Whose turn it is to poll, and from where.
create table poll (
  tenant int not null references tenant,
  spoke text not null,
  what text not null,
  cursor text,
  -- when all that there was had been read; null while it never was, or is to be read from the beginning again
  read_at timestamptz,
  lease_until timestamptz not null,
  fence bigint not null default 0,
  primary key (tenant, spoke, what)
);

-- The store reaches its rows by key. What the planner has to know for that, a small sample tells, and a large one of tables
-- that grow so fast would be most of the work; nobody searches in documents at all.
do $$
declare c record;
begin
  for c in select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'
      and table_name in ('message', 'customer', 'customer_key', 'link', 'change', 'delivery') loop
    execute format('alter table %I alter column %I set statistics %s', c.table_name, c.column_name,
        case when c.data_type in ('json', 'bytea') then 0 else 10 end);
  end loop;
end $$;

do $$
declare t text;
begin
  foreach t in array array['message', 'customer', 'customer_key', 'sales_order', 'order_line', 'invoice', 'payment',
      'opportunity', 'interaction', 'link', 'change', 'change_head', 'delivery', 'told', 'parked', 'poll'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('alter table %I alter column tenant set default nullif(current_setting(''serai.tenant'', true), '''')::int', t);
    -- Asked once for each statement and not for each row.
    execute format('create policy tenant on %I using (tenant = (select nullif(current_setting(''serai.tenant'', true), '''')::int))', t);
  end loop;
end $$;

grant usage on schema public to ${role};
grant select, insert, update, delete on all tables in schema public to ${role};
revoke insert, update, delete on tenant from ${role};
revoke update, delete on change from ${role};

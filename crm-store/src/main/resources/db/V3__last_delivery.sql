-- When a spoke was last told something, however much was tried since.
create index on delivery (tenant, spoke, entity, id) where outcome = 'DONE';

-- Two customers that a person has told apart are not brought up again.
create index on parked (tenant, subject) where kind = 'POSSIBLE_DUPLICATE';

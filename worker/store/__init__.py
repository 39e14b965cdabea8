"""Our state: the only SQL. Tables, one door to the database, and one module of queries per area."""

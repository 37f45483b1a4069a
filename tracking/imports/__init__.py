"""Files of orders: read the table, understand the columns, show what was understood, store row by row."""

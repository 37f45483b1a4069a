"""What people see and do with segments: list, builder, one segment, its members, one person, lists."""

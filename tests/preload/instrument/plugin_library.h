long plugin_call(long count);
long plugin_turn(long by);

int resolving_call(int number);

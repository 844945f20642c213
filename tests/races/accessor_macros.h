/* Macros and nothing else, so that no line table has this file.  Each is named as a member. */
#define count(meter) __atomic_load_n(&(meter)->count, __ATOMIC_ACQUIRE)
#define set_count(meter, value) __atomic_store_n(&(meter)->count, value, __ATOMIC_RELEASE)
#define IS_POSITIVE(value) ((value) > 0)
#define METER_OF(place) ((struct meter *)((char *)(place) - offsetof(struct meter, set_count)))

#include "preload/guest/access_words.h"

#include "detect/shadow/shadow.h"

__thread uint64_t access_current __attribute__((tls_model("initial-exec"))) = SHADOW_NO_EPOCH;
__thread uint64_t access_shared __attribute__((tls_model("initial-exec"))) = SHADOW_NO_EPOCH;
__thread uint64_t access_ahead __attribute__((tls_model("initial-exec")));
__thread struct thread *access_thread __attribute__((tls_model("initial-exec")));
bool access_leaves_thunks;

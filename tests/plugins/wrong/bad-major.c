/* Speaks the next major only. */
#define WRONG_NAME "bad-major"
#define WRONG_ENTRY sara_plugin_entry_v2
#include "wrong.h"

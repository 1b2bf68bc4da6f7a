/* Right: a transport; it must start last. */
#define WRONG_NAME "gatekeeper"
#define WRONG_MORE ", \"provides\": [\"sara.transport/1\"]"
#define WRONG_SERVICE return "table"
#include "wrong.h"

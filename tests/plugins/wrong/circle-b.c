/* Requires what circle-a provides, and the other way round. */
#define WRONG_NAME "circle-b"
#define WRONG_MORE ", \"provides\": [\"acme.b/1\"], \"requires\": [\"acme.a/1\"]"
#include "wrong.h"

/* Requires what circle-b provides, and the other way round. */
#define WRONG_NAME "circle-a"
#define WRONG_MORE ", \"provides\": [\"acme.a/1\"], \"requires\": [{\"service\": \"acme.b/1\"}]"
#include "wrong.h"

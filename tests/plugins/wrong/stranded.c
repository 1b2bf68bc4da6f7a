/* Right, but depends on failing-provider. */
#define WRONG_NAME "stranded"
#define WRONG_MORE ", \"requires\": [\"acme.gone/1\"]"
#include "wrong.h"

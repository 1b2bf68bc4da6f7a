/* A second store beside another one. */
#define WRONG_NAME "store-b"
#define WRONG_MORE ", \"provides\": [\"sara.store/1\"]"
#include "wrong.h"

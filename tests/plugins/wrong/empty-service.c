/* Promises a service and gives no table for it. */
#define WRONG_NAME "empty-service"
#define WRONG_MORE ", \"provides\": [\"acme.empty/1\"]"
#include "wrong.h"

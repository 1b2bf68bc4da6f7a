/* Requires a service that nobody provides. */
#define WRONG_NAME "needs-missing"
#define WRONG_MORE ", \"requires\": [{\"service\": \"acme.nothing/1\", \"hard\": true}]"
#include "wrong.h"

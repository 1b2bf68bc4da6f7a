/* Right: uses what provider provides. */
#define WRONG_NAME "user"
#define WRONG_MORE ", \"requires\": [{\"service\": \"acme.answer/1\", \"hard\": true}]"
#include "wrong.h"

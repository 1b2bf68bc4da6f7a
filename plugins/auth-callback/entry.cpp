// The plugin's one exported function.
#include "auth-callback/plugin.h"
#include "manifest.h"

using sara::auth_callback::CallbackPlugin;
SARA_PLUGIN(CallbackPlugin)

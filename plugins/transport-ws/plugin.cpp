// The door of the plugin.
#include "manifest.h"
#include "stream/stream_plugin.h"
#include "ws_transport.h"

SARA_MANIFEST(kManifest, SARA_MANIFEST_JSON);

namespace {

const sara_plugin_desc kPlugin = sara::stream::StreamPlugin<sara::ws::WsTransport>::describe(
    "org.sara.transport-ws", "1.0.0", kManifest);

}  // namespace

const sara_plugin_desc* sara_plugin_entry_v1(uint32_t index) SARA_NOEXCEPT {
    return index == 0 ? &kPlugin : nullptr;
}

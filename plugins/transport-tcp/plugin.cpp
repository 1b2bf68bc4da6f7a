// The door of the plugin: C functions of the descriptor around TcpTransport. Nothing throws through
// it.
#include "sara/abi/plugin.h"

#include <cstring>
#include <exception>
#include <string>

#include "manifest.h"
#include "tcp_transport.h"

using sara::tcp::TcpTransport;

SARA_MANIFEST(kManifest, SARA_MANIFEST_JSON);

namespace {

// The instance is known outside as StreamTransport*, because that is the self of the service.
TcpTransport& of(void* self) {
    return static_cast<TcpTransport&>(*static_cast<sara::stream::StreamTransport*>(self));
}

template <class Step>
sara_status attempt(const sara_host* host, Step&& step) noexcept {
    std::string error;
    try {
        if (step(error)) return SARA_OK;
    } catch (const std::exception& e) {
        error = e.what();
    }
    host->set_error(host, sara::stream::str(error));
    return SARA_E_INVALID;
}

sara_status create(const sara_host* host, void** self) SARA_NOEXCEPT {
    return attempt(host, [&](std::string&) {
        *self = static_cast<sara::stream::StreamTransport*>(new TcpTransport(host));
        return true;
    });
}

sara_status init(void* self) SARA_NOEXCEPT {
    TcpTransport& t = of(self);
    return attempt(t.host(), [&](std::string& error) { return t.init(error); });
}

sara_status loopStart(void* self, uint32_t loop, void** state) SARA_NOEXCEPT {
    TcpTransport& t = of(self);
    *state = nullptr;
    return attempt(t.host(), [&](std::string&) {
        t.loopStart(loop);
        return true;
    });
}

sara_status start(void* self) SARA_NOEXCEPT {
    TcpTransport& t = of(self);
    return attempt(t.host(), [&](std::string& error) { return t.start(error); });
}

void drain(void* self, uint32_t) SARA_NOEXCEPT { of(self).drain(); }
void loopStop(void* self, uint32_t loop, void*) SARA_NOEXCEPT { of(self).loopStop(loop); }
void destroy(void* self) SARA_NOEXCEPT { delete &of(self); }

const void* getService(void*, const char* id) SARA_NOEXCEPT {
    return std::strcmp(id, SARA_SVC_TRANSPORT) == 0 ? sara::stream::StreamTransport::table()
                                                    : nullptr;
}

sara_str statusLine(void* self) SARA_NOEXCEPT { return of(self).statusLine(); }

const sara_plugin_desc kPlugin = {
    sizeof(sara_plugin_desc),
    SARA_ABI_MAJOR,
    SARA_ABI_MINOR,
    0,
    0,
    "org.sara.transport-tcp",
    "1.0.0",
    kManifest,
    create,
    init,
    loopStart,
    start,
    drain,
    loopStop,
    nullptr,
    destroy,
    getService,
    statusLine,
};

}  // namespace

const sara_plugin_desc* sara_plugin_entry_v1(uint32_t index) SARA_NOEXCEPT {
    return index == 0 ? &kPlugin : nullptr;
}

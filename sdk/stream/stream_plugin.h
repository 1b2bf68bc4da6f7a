// The door of a transport plugin: the C functions of a descriptor around a StreamTransport that
// also has init(error), start(error) and statusLine(). Nothing throws through it; a failure becomes
// the host's error text.
#pragma once
#include <cstring>
#include <exception>
#include <string>

#include "sara/abi/plugin.h"
#include "stream/stream_transport.h"

namespace sara::stream {

// The instance is known outside as StreamTransport*, because that is the self of the service.
template <class Transport>
struct StreamPlugin {
    static Transport& of(void* self) {
        return static_cast<Transport&>(*static_cast<StreamTransport*>(self));
    }

    template <class Step>
    static sara_status attempt(const sara_host* host, Step&& step) noexcept {
        std::string error;
        try {
            if (step(error)) return SARA_OK;
        } catch (const std::exception& e) {
            error = e.what();
        }
        host->set_error(host, str(error));
        return SARA_E_INVALID;
    }

    static sara_status create(const sara_host* host, void** self) SARA_NOEXCEPT {
        return attempt(host, [&](std::string&) {
            *self = static_cast<StreamTransport*>(new Transport(host));
            return true;
        });
    }
    static sara_status init(void* self) SARA_NOEXCEPT {
        Transport& t = of(self);
        return attempt(t.host(), [&](std::string& error) { return t.init(error); });
    }
    static sara_status loopStart(void* self, uint32_t loop, void** state) SARA_NOEXCEPT {
        Transport& t = of(self);
        *state = nullptr;
        return attempt(t.host(), [&](std::string&) {
            t.loopStart(loop);
            return true;
        });
    }
    static sara_status start(void* self) SARA_NOEXCEPT {
        Transport& t = of(self);
        return attempt(t.host(), [&](std::string& error) { return t.start(error); });
    }
    static void drain(void* self, uint32_t) SARA_NOEXCEPT { of(self).drain(); }
    static void loopStop(void* self, uint32_t loop, void*) SARA_NOEXCEPT {
        of(self).loopStop(loop);
    }
    static void destroy(void* self) SARA_NOEXCEPT { delete &of(self); }
    static const void* getService(void*, const char* id) SARA_NOEXCEPT {
        return std::strcmp(id, SARA_SVC_TRANSPORT) == 0 ? StreamTransport::table() : nullptr;
    }
    static sara_str statusLine(void* self) SARA_NOEXCEPT { return of(self).statusLine(); }

    static constexpr sara_plugin_desc describe(const char* id, const char* version,
                                               const char* manifest) {
        return {sizeof(sara_plugin_desc),
                SARA_ABI_MAJOR,
                SARA_ABI_MINOR,
                0,
                0,
                id,
                version,
                manifest,
                create,
                init,
                loopStart,
                start,
                drain,
                loopStop,
                nullptr,
                destroy,
                getService,
                statusLine};
    }
};

}  // namespace sara::stream

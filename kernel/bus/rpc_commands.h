// Commands of plugins and of the kernel, by service and method.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sara/sara.h"

namespace sara::bus {

class RpcCommands {
  public:
    struct Row {
        std::string service, method, help, plugin;
    };
    virtual ~RpcCommands() = default;
    // [control] A command of the kernel itself. False when the name is taken.
    virtual bool add(std::string_view service, std::string_view method, std::string_view help,
                     sara_command_fn fn, void* user) = 0;
    virtual sara_status reply(sara_id token, sara_status st, sara_buf* result) = 0;
    // [loop] As sara_rpc.call.
    virtual void call(std::string_view service, std::string_view method, std::string_view peer,
                      sara_buf* params, uint32_t timeout_ms, sara_done done, void* user) = 0;
    virtual std::vector<Row> list() const = 0;
};

}  // namespace sara::bus

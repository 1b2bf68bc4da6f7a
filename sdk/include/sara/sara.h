/* sara/sara.h - the whole plugin ABI, for C and C++. C++ authors start at <sara/plugin.hpp>. */
#ifndef SARA_SARA_H
#define SARA_SARA_H
#include <sara/abi/auth.h>
#include <sara/abi/base.h>
#include <sara/abi/bus.h>
#include <sara/abi/callback.h>
#include <sara/abi/config.h>
#include <sara/abi/event.h>
#include <sara/abi/health.h>
#include <sara/abi/host.h>
#include <sara/abi/link.h>
#include <sara/abi/log.h>
#include <sara/abi/loop.h>
#include <sara/abi/metrics.h>
#include <sara/abi/plugin.h>
#include <sara/abi/rpc.h>
#include <sara/abi/services.h>
#include <sara/abi/store.h>
#include <sara/abi/transport.h>
#endif /* SARA_SARA_H */

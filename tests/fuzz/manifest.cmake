sara_fuzz(manifest ${CMAKE_CURRENT_LIST_DIR}/manifest.cpp LINK sara_boot)

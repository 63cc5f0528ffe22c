-- Headers given as arguments `Name: value`, from the `first` argument after `--` on.
function given(args, first)
    local headers = {}
    for at = first, #args do
        local name, value = string.match(args[at], "^(.-): (.*)$")
        headers[name] = value
    end
    return headers
end

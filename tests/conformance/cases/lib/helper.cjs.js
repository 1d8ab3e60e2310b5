exports.url = (echo) => 'http://' + echo + '/json';

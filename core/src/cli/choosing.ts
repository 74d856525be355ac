export { chosenHost, chosenNames, listOption, secondsOption, textOption } from './choose.js';
export { eachProject } from './each-project.js';
export { refuseUnknown } from './verbs/build.js';
export { tellStatus, type Shown } from './verbs/status.js';
